"""`okrsync notify`, and a daemon that tells people by a program of theirs."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.calling import KR1, Okrsync
from tests.system.grounds import Desk, JiraCloud, served
from tests.unit.plugins.notify.postoffice import Postbox
from tests.unit.plugins.notify.postoffice import served as post_office

TELL = """
[people.dana]
email = "dana@acme.example"

[notify.us]
type = "command"
command = ["/bin/sh", "-c", "cat >> told; echo >> told"]
failing_for = "0s"
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    with served(JiraCloud()) as ground:
        made = Desk(ground, tmp_path)
        made.write_team()
        made.write_settings(ground.settings() + TELL)
        yield made


def told(desk: Desk) -> list[str]:
    """What was told since the last time."""
    path = desk.folder / "told"
    messages = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    path.unlink(missing_ok=True)
    return [f"{each['event']}: {each['text']}" for message in messages for each in message["news"]]


def test_a_test_arrives_and_says_that_it_is_one(desk: Desk, okrsync: Okrsync) -> None:
    shown = okrsync("notify", "test", "us", "--dry-run")
    assert shown.code == 0
    assert shown.out.startswith("would send by us (command):\n  This is a test of [notify.us]\n")
    assert told(desk) == []
    assert okrsync("notify", "test", "us").out == "sent by us (command)\n"
    assert told(desk) == ["test: This is a test of [notify.us]"]


def test_a_mail_is_tried_with_one_person(desk: Desk, okrsync: Okrsync) -> None:
    box = Postbox()
    with post_office(box) as port:
        mail = f'[notify.mail]\ntype = "email"\nhost = "127.0.0.1"\nport = {port}\n'
        mail += 'security = "none"\nfrom = "o@acme.example"\n'
        desk.write_settings(desk.ground.settings() + TELL + mail)
        assert okrsync("notify", "test", "mail").err.startswith("this notifier tells the people whom the news concerns")
        assert okrsync("notify", "test", "mail", "--to", "kim").code == 2
        said = okrsync("notify", "test", "mail", "--to", "dana")
    assert said.out == "sent by mail (email to dana@acme.example)\n"
    assert [recipients for recipients, _ in box.mails] == [["dana@acme.example"]]


def test_what_fails_is_told(desk: Desk, okrsync: Okrsync) -> None:
    assert "there is no notifier 'uss'. Did you mean 'us'?" in okrsync("notify", "test", "uss").err
    desk.write_settings(desk.ground.settings() + TELL.replace("/bin/sh", "/no/such"))
    said = okrsync("notify", "test", "us")
    assert said.code == 1
    assert said.err == "failed: us: the command /no/such cannot be started: No such file or directory\n"


@pytest.mark.usefixtures("desk")
def test_the_list_shows_who_is_told_what(okrsync: Okrsync) -> None:
    text = okrsync("notify", "list")
    assert (
        "us        command  check-in-due, health-changed, change-held, sync-failing  everyone  as it happens"
        in text.out
    )
    found = okrsync("notify", "list", "--json").json
    assert [each["name"] for each in found["notifiers"]] == ["us"]
    assert [each["name"] for each in found["types"]] == ["slack", "email", "command"]


def test_a_daemon_tells_what_it_finds_out_once(desk: Desk, okrsync: Okrsync) -> None:
    assert okrsync("daemon", "--once").code == 0
    desk.ground.set_current(KR1, 4.0)
    assert okrsync("daemon", "--once").code == 0
    told(desk)
    desk.ground.set_current(KR1, 1.5)
    for _ in range(2):
        assert okrsync("daemon", "--once").code == 0
    assert told(desk) == [
        "health-changed: Make step 0 of team 0 feel instant is on-track now",
        "health-changed: Cut p95 of part 1 from 4.0 s to 1.5 s is on-track now",
    ]
    desk.ground.site.token = "another"  # type: ignore[attr-defined]
    for _ in range(2):
        assert okrsync("daemon", "--once").code == 4
    [failing] = told(desk)
    assert failing.startswith("sync-failing: The sync of work/PROJA has failed since ")
    desk.ground.site.token = "sandbox-token"  # type: ignore[attr-defined]
    assert okrsync("daemon", "--once").code == 0
    [works] = told(desk)
    assert works.startswith("sync-failing: The sync of work/PROJA works again")


@pytest.mark.usefixtures("desk")
def test_the_list_names_every_key_that_the_guide_uses(okrsync: Okrsync) -> None:
    guide = (Path(__file__).parents[2] / "docs/how-to/tell-people.md").read_text(encoding="utf-8")
    settings = tomllib.loads(guide.partition("```toml\n")[2].partition("```")[0])
    listed = okrsync("notify", "list").out
    common = {"type", "events", "audience", "teams", "quiet_hours", "digest", "timezone", "failing_for"}
    for table in settings["notify"].values():
        for key in table.keys() - common:
            assert re.search(rf"^{table['type']} +{key} ", listed, re.MULTILINE), key
    assert re.search(r"^email +to ", listed, re.MULTILINE)
