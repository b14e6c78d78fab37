"""The notifiers `slack`, `email` and `command`: how people are told what okrsync finds out.

It may import `okrsync.domain` and `okrsync.trackers`; the libraries that send are imported only when something is sent.
Start reading at a notifier (`slack`, `mail`, `command`); `sending` is what they share.
"""

from __future__ import annotations

from collections.abc import Iterable

from okrsync.trackers.hookspecs import hookimpl
from okrsync.trackers.notifiers import Notifier, NotifierContext, NotifierTable, NotifierType

_CA_FILE = "A file with the certificate authority of a server in your own house."


def _load_slack(context: NotifierContext) -> Notifier:
    from okrsync_notify.slack import SlackNotifier

    return SlackNotifier(context)


def _load_email(context: NotifierContext) -> Notifier:
    from okrsync_notify.mail import EmailNotifier

    return EmailNotifier(context)


def _load_command(context: NotifierContext) -> Notifier:
    from okrsync_notify.command import CommandNotifier

    return CommandNotifier(context)


def _check_slack(table: NotifierTable) -> Iterable[str]:
    if not table.has_url:
        yield 'url is missing: where the webhook\'s address is kept, such as { env = "OKRSYNC_SLACK_WEBHOOK" }'


def _check_email(table: NotifierTable) -> Iterable[str]:
    from okrsync_notify.mail_rules import wrong_table

    return wrong_table(table)


def _check_command(table: NotifierTable) -> Iterable[str]:
    command = table.options.get("command")
    if not (isinstance(command, list) and command and all(isinstance(each, str) and each for each in command)):
        yield 'command is no list of a program and its arguments, such as ["/usr/local/bin/tell-us"]'


@hookimpl
def register_notifiers() -> Iterable[NotifierType]:
    """Slack and what understands its webhooks, e-mail, and any program."""
    return [
        NotifierType(
            name="slack",
            summary="an incoming webhook of Slack, or of what understands one, such as Mattermost",
            load=_load_slack,
            settings={
                "url": "Where the address of the incoming webhook is kept: env, file, keyring, command or credential.",
                "ca_file": _CA_FILE,
            },
            check_table=_check_slack,
        ),
        NotifierType(
            name="email",
            summary="e-mail by SMTP, to a list or to the people whom the news concerns",
            load=_load_email,
            settings={
                "host": "The mail server.",
                "port": "Its port; without it 587, or 465 for tls.",
                "security": "starttls (without it), tls, or none, which is for a server on this machine only.",
                "from": "The sender's address.",
                "user": "The account at the mail server; without it nobody logs in.",
                "password": "Where the account's password is kept: env, file, keyring, command or credential.",
                "to": "Addresses, or people of the settings; without it the people whom the news concerns.",
                "ca_file": _CA_FILE,
            },
            addressed=True,
            check_table=_check_email,
        ),
        NotifierType(
            name="command",
            summary="a program that gets each message as JSON on its standard input",
            load=_load_command,
            settings={
                "command": "The program and its arguments, in a list; no shell is involved.",
                "token": "Where a token is kept that the program gets as OKRSYNC_NOTIFY_TOKEN.",
            },
            check_table=_check_command,
        ),
    ]
