"""`[notify.NAME]`: what is right, what is wrong, and that no secret address stands in the file."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from okrsync import settings as settings_files
from okrsync.settings.against_notifiers import addresses, check_notifiers
from okrsync.settings.schema import settings_schema
from okrsync.trackers.plugins import load_plugins

HEAD = """workspace = "acme"
[audiences]
leads = ["dana"]
[people.dana]
email = "dana@acme.example"
[people.kim]
accounts = ["kim"]
[notify.leads]
"""
MAIL = 'type = "email"\nhost = "smtp.acme.example"\nfrom = "okrs@acme.example"\n'
SLACK = 'type = "slack"\nurl = { env = "OKRSYNC_SLACK" }\n'


def problems_of(tmp_path: Path, table: str, head: str = HEAD) -> list[str]:
    path = tmp_path / "okrsync.toml"
    path.write_text(head + table, encoding="utf-8")
    read, problems = settings_files.check(path, tmp_path)
    problems += check_notifiers(read, load_plugins()) if read else []
    return [str(each) for each in problems]


def test_everything_can_be_said(tmp_path: Path) -> None:
    more = """events = ["check-in-due", "health-changed"]
audience = "leads"
people = ["dana"]
teams = ["web"]
to = ["dana", "okrs@acme.example"]
quiet_hours = "22:00-07:00"
digest = "daily 09:05"
timezone = "Europe/Berlin"
failing_for = "0s"
user = "okrs"
password = { credential = "okrsync-mail" }
security = "tls"
"""
    assert problems_of(tmp_path, MAIL + more) == []
    table = settings_files.load(tmp_path / "okrsync.toml").notify["leads"]
    assert (table.quiet_hours, table.digest) == ((time(22), time(7)), "5 9 * * *")
    assert table.options == {"host": "smtp.acme.example", "from": "okrs@acme.example", "security": "tls"}
    assert addresses(settings_files.load(tmp_path / "okrsync.toml"), table) == (
        "dana@acme.example",
        "okrs@acme.example",
    )


@pytest.mark.parametrize("kept", ["env", "file", "credential"])
def test_the_address_of_a_webhook_may_be_kept_anywhere(tmp_path: Path, kept: str) -> None:
    assert problems_of(tmp_path, f'type = "slack"\nurl = {{ {kept} = "OKRSYNC_SLACK" }}\n') == []


@pytest.mark.parametrize(
    "table",
    [
        'type = "slack"\nurl = "https://hooks.slack.com/services/T0/B0/c4n4ry"\n',
        'type = "slack"\nurl = "https://chat.acme.example/hooks/c4n4ry"\n',
        SLACK + 'note = "https://hooks.slack.com/services/T0/B0/c4n4ry"\n',
        SLACK + 'token = "c4n4ry"\n',
        MAIL + 'user = "x"\npassword = "c4n4ry"\n',
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path: Path, table: str) -> None:
    found = problems_of(tmp_path, table)
    assert any("holds a credential itself" in each for each in found), found
    assert not any("c4n4ry" in each for each in found)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('type = "slak"\n', "notify.leads: type is 'slak', which no installed plugin brings"),
        (SLACK + 'chanel = "x"\n', "notify.leads: 'chanel' is not a key of a notifier of type slack"),
        ('type = "slack"\n', "notify.leads: url is missing"),
        (SLACK + 'events = ["health"]\n', "notify.leads.events: is a list; expected only check-in-due, health-changed"),
        (SLACK + "events = []\n", "notify.leads.events"),
        (SLACK + 'quiet_hours = "22-7"\n', "is '22-7'; expected two times of day, such as 22:00-07:00"),
        (SLACK + 'quiet_hours = "07:00-07:00"\n', "expected two different times of day"),
        (SLACK + 'quiet_hours = "24:00-07:00"\n', "expected two times of day"),
        (SLACK + 'digest = "daily 9"\n', "expected daily and a time of day"),
        (SLACK + 'digest = "1h"\n', "expected daily and a time of day"),
        (SLACK + 'digest = "0 0 30 2 *"\n', "expected daily and a time of day"),
        (SLACK + 'timezone = "Mars"\n', "expected the name of a time zone"),
        (SLACK + 'timeout = "1h"\n', "expected a span of time of at most 10m"),
        (
            SLACK + 'audience = "leeds"\n',
            "there is no audience 'leeds'; expected everyone or leads. Did you mean 'leads'?",
        ),
        (SLACK + 'to = ["dana"]\n', "notify.leads.to: is not a key of a notifier of type slack"),
        (
            MAIL + 'to = ["kim"]\n',
            "'kim' has no e-mail address; expected an address, or somebody under [people]. Add email",
        ),
        (
            MAIL + 'to = ["dan"]\n',
            "'dan' has no e-mail address; expected an address, or somebody under [people]. Did you mean",
        ),
        (MAIL + 'events = ["sync-failing"]\n', "notify.leads.to: is missing: that a sync fails"),
        ('type = "command"\ncommand = "tell-us now"\n', "notify.leads: command is no list"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, table: str, words: str) -> None:
    found = problems_of(tmp_path, table)
    assert any(words in each for each in found), found


def test_mail_to_people_needs_people_with_addresses(tmp_path: Path) -> None:
    found = problems_of(tmp_path, MAIL, 'workspace = "acme"\n[notify.leads]\n')
    assert any("nobody under [people] has an e-mail address" in each for each in found)


def test_the_schema_knows_digests_and_quiet_hours() -> None:
    keys = settings_schema()["$defs"]["NotifySettings"]["properties"]
    assert "daily" in keys["digest"]["pattern"]
    assert keys["quiet_hours"]["type"] == "string"
