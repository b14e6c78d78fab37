"""E-mail by SMTP, encrypted unless the server is this machine."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, make_msgid
from pathlib import Path

from okrsync.trackers.errors import AuthFailed, Misconfigured, Rejected, TrackerError, Transient
from okrsync.trackers.notifiers import Message, Notifier, NotifierContext
from okrsync_notify.mail_rules import PORTS
from okrsync_notify.sending import clean


class EmailNotifier(Notifier):
    """Sends each message over a connection of its own."""

    def __init__(self, context: NotifierContext) -> None:
        self._context = context
        options = context.table.options
        self._security = str(options.get("security", "starttls"))
        self._host = str(options["host"])
        self._port = int(options.get("port", PORTS[self._security]))
        self._sender = str(options["from"])

    def send(self, message: Message) -> str | None:
        """See `Notifier.send`."""
        if not message.to:
            raise Misconfigured('nobody to send to: to = ["okrs@acme.example"] names addresses')
        mail = written(message, self._sender)
        refused = self._context.policy.call(lambda: self._deliver(mail), repeatable=False)
        return f"{self._host} refused {', '.join(sorted(refused))}; the others got it" if refused else None

    def _deliver(self, mail: EmailMessage) -> dict[str, tuple[int, bytes]]:
        line = self._open()
        try:
            self._log_in(line)
            return self._hand_over(line, mail)
        finally:
            # What it says to that does not matter any more.
            with suppress(smtplib.SMTPException, OSError):
                line.quit()
            line.close()

    def _open(self) -> smtplib.SMTP:
        timeout, name = self._context.table.timeout, "localhost"
        try:
            if self._security == "tls":
                return smtplib.SMTP_SSL(self._host, self._port, name, timeout=timeout, context=self._trust())
            line = smtplib.SMTP(self._host, self._port, name, timeout=timeout)
        except ssl.SSLError as error:
            raise self._untrusted(error) from None
        except smtplib.SMTPResponseException as error:
            raise self._refusal(error) from None
        except (OSError, smtplib.SMTPException) as error:
            raise Transient(f"{self._where} cannot be reached ({_reason(error)})", acted=False) from None
        if self._security == "none":
            return line
        try:
            line.starttls(context=self._trust())
        except BaseException as error:
            line.close()
            if isinstance(error, smtplib.SMTPNotSupportedError):
                raise Misconfigured(
                    f"{self._where} offers no STARTTLS, and nothing is sent without encryption; where it speaks TLS"
                    ' from the start: security = "tls"'
                ) from None
            if isinstance(error, ssl.SSLError):
                raise self._untrusted(error) from None
            if isinstance(error, smtplib.SMTPException | OSError):
                raise Transient(f"{self._where} broke off ({_reason(error)})", acted=False) from None
            raise
        return line

    def _log_in(self, line: smtplib.SMTP) -> None:
        context = self._context
        if context.table.user is None or context.password is None:
            return
        try:
            line.login(context.table.user, context.password.reveal())
        except smtplib.SMTPAuthenticationError as error:
            if 400 <= error.smtp_code < 500:
                raise Transient(f"{self._where} cannot log in now (SMTP {error.smtp_code})", acted=False) from None
            raise AuthFailed(
                f"{self._where} does not accept the password of {context.table.user} (SMTP {error.smtp_code})"
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise Misconfigured(f"{self._where} knows no log-in: leave out user and password") from None
        except UnicodeError:
            raise Misconfigured(f"{self._where} takes only ASCII in user and password") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Transient(f"{self._where} broke off at log-in ({_reason(error)})", acted=False) from None

    def _hand_over(self, line: smtplib.SMTP, mail: EmailMessage) -> dict[str, tuple[int, bytes]]:
        try:
            return line.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            about = f"{self._where} refuses {', '.join(sorted(error.recipients))}"
            if all(400 <= code < 500 for code in codes):
                raise Transient(f"{about} for now", acted=False) from None
            raise Rejected(f"{about} (SMTP {', '.join(str(code) for code in sorted(codes))})") from None
        except smtplib.SMTPSenderRefused as error:
            raise Rejected(f"{self._where} refuses the sender {self._sender} (SMTP {error.smtp_code})") from None
        except smtplib.SMTPResponseException as error:
            raise self._refusal(error) from None
        except smtplib.SMTPNotSupportedError:
            raise Rejected(f"{self._where} takes no addresses beyond ASCII") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Transient(f"{self._where} broke off ({_reason(error)}): the mail may have arrived or not") from None

    def _refusal(self, error: smtplib.SMTPResponseException) -> TrackerError:
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        about = f"{self._where} says {error.smtp_code} {clean(said, [self._context.password], 120)}"
        return Transient(about, acted=False) if 400 <= error.smtp_code < 500 else Rejected(about)

    def _untrusted(self, error: ssl.SSLError) -> TrackerError:
        if isinstance(error, ssl.SSLCertVerificationError):
            return Misconfigured(
                f"{self._where} shows a certificate that is not trusted ({error.verify_message}); ca_file names another"
                " authority"
            )
        return Misconfigured(f"{self._where} does not speak TLS there: check port and security")

    def _trust(self) -> ssl.SSLContext:
        ca_file = self._context.table.ca_file
        if ca_file is not None and not Path(ca_file).is_file():
            raise Misconfigured(f"ca_file names {ca_file}, which does not exist")
        return ssl.create_default_context(cafile=ca_file)

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._port}"


def written(message: Message, sender: str) -> EmailMessage:
    """The message as a mail."""
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = sender
    mail["To"] = ", ".join(message.to)
    mail["Subject"] = message.title
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    # No out-of-office reply comes back (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    return mail


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "the name is not known"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
