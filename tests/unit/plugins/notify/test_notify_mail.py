"""Mail, over a real server on loopback."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import trustme

from okrsync.trackers.errors import AuthFailed, Misconfigured, Rejected, Transient
from okrsync.trackers.notifiers import Message, Notifier, NotifierTable
from okrsync.trackers.plugins import load_plugins
from tests.unit.plugins.notify.conftest import CANARY, Make
from tests.unit.plugins.notify.postoffice import Postbox, authority, served


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, str]:
    return authority(tmp_path_factory.mktemp("ca"))


def plain(make: Make, port: int) -> Notifier:
    return make("email", host="127.0.0.1", port=port, security="none", **{"from": "okrsync@acme.example"})


def safe(make: Make, port: int, ca_file: str | None, *, password: str = CANARY, security: str = "starttls") -> Notifier:
    return make(
        "email",
        host="localhost",
        port=port,
        security=security,
        ca_file=ca_file,
        user="okrsync",
        password=password,
        **{"from": "okrsync@acme.example"},
    )


def test_a_mail_says_what_it_has_to(make: Make, message: Message) -> None:
    box = Postbox()
    with served(box) as port:
        assert plain(make, port).send(message) is None
    [(recipients, mail)] = box.mails
    assert recipients == ["dana@acme.example", "kim@acme.example"]
    assert (mail["from"], mail["subject"]) == ("okrsync@acme.example", "acme: 2 things")
    assert mail["to"] == "dana@acme.example, kim@acme.example"
    assert mail["date"].datetime == message.at
    assert mail["auto-submitted"] == "auto-generated"
    assert mail.get_content().replace("\r\n", "\n") == message.text
    assert "Größe" in message.text


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_beyond_this_machine_it_is_encrypted_and_logged_in(
    make: Make, message: Message, trusted: tuple[trustme.CA, str], security: str
) -> None:
    box = Postbox(CANARY)
    with served(box, authority=trusted[0], tls_at_once=security == "tls") as port:
        assert safe(make, port, trusted[1], security=security).send(message) is None
    assert len(box.mails) == 1
    assert box.logins == ["okrsync"]


def test_a_wrong_password_is_told_and_never_shown(
    make: Make, message: Message, trusted: tuple[trustme.CA, str]
) -> None:
    box = Postbox("another")
    with served(box, authority=trusted[0]) as port, pytest.raises(AuthFailed, match="password of okrsync") as refused:
        safe(make, port, trusted[1]).send(message)
    assert CANARY not in str(refused.value)
    assert not box.mails


def test_an_unknown_authority_is_not_trusted(make: Make, message: Message, trusted: tuple[trustme.CA, str]) -> None:
    box = Postbox(CANARY)
    with served(box, authority=trusted[0]) as port, pytest.raises(Misconfigured, match="ca_file names another"):
        safe(make, port, None).send(message)
    assert not box.logins


def test_a_certificate_for_another_name_is_not_trusted(
    make: Make, message: Message, trusted: tuple[trustme.CA, str]
) -> None:
    box = Postbox(CANARY)
    with (
        served(box, authority=trusted[0], host="mail.other.example") as port,
        pytest.raises(Misconfigured, match="not trusted"),
    ):
        safe(make, port, trusted[1]).send(message)
    assert not box.logins


def test_without_encryption_nothing_is_sent(make: Make, message: Message) -> None:
    box = Postbox()
    with served(box) as port, pytest.raises(Misconfigured, match="offers no STARTTLS"):
        safe(make, port, None).send(message)
    assert not box.mails


def test_a_server_that_says_later_is_asked_again(make: Make, message: Message) -> None:
    box = Postbox()
    box.says = "451 greylisted, come back later"
    with served(box) as port, pytest.raises(Transient, match="451 greylisted") as later:
        plain(make, port).send(message)
    assert later.value.acted is False
    assert later.value.retry_after is None


def test_a_refused_mail_is_refused(make: Make, message: Message) -> None:
    box = Postbox()
    box.says = "554 no thanks"
    with served(box) as port, pytest.raises(Rejected, match="554 no thanks"):
        plain(make, port).send(message)


def test_whom_a_server_refuses_is_told(make: Make, message: Message) -> None:
    box = Postbox()
    box.refused = {"kim@acme.example": "550 unknown"}
    with served(box) as port:
        assert plain(make, port).send(message) == "127.0.0.1 refused kim@acme.example; the others got it"
        box.refused["dana@acme.example"] = "550 unknown"
        with pytest.raises(Rejected, match=r"refuses dana@acme\.example, kim@acme\.example \(SMTP 550\)"):
            plain(make, port).send(message)
    assert [recipients for recipients, _ in box.mails] == [["dana@acme.example"]]


def test_of_a_mail_that_was_cut_off_nobody_knows(make: Make, message: Message) -> None:
    box = Postbox()
    box.cut = True
    with served(box) as port, pytest.raises(Transient, match="may have arrived or not") as lost:
        plain(make, port).send(message)
    assert lost.value.acted is None
    assert len(box.mails) == 1, "not sent again"


def test_where_nobody_listens_nothing_was_sent(make: Make, message: Message) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Transient, match="cannot be reached") as failed:
        plain(make, port).send(message)
    assert failed.value.acted is False


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "host is missing"),
        ({"host": "smtp.acme.example"}, "from is missing"),
        ({"host": "h", "from": "a@b", "security": "none"}, "h is not this machine"),
        ({"host": "h", "from": "a@b", "security": "ssl"}, "none of starttls, tls and none"),
        ({"host": "h", "from": "a@b", "port": "25"}, "port is no number"),
        ({"host": "h", "from": "a@b\nBcc: x@y"}, "from is missing or no address"),
        ({"host": "h x", "from": "a@b"}, "no host name"),
    ],
)
def test_wrong_settings_are_found(options: dict[str, object], words: str, tmp_path: Path) -> None:
    wrong = list(load_plugins().notifiers["email"].check_table(NotifierTable("x", options=options)))
    assert any(words in each for each in wrong), wrong
