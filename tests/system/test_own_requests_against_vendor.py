"""Every request of a whole main job, and every answer to it, against what Atlassian and GitHub publish."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from okrsync.domain.ref import Ref
from okrsync.sandbox.request_log import RequestRecord
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import RemoteItem, Scope
from tests.system.grounds import CYCLE, Desk, GitHub, Ground, JiraCloud, served
from tests.vendor.github_description import GitHubGraphQLDescription, GitHubRestDescription
from tests.vendor.jira_description import JiraDescription


def job(ground: Ground, folder: Path) -> list[RequestRecord]:
    """First sync, work by people, pull, edits of every kind, closing, a lost cache: all that was sent."""
    first = Ref(CYCLE, "o0-0")
    with served(ground):
        desk = Desk(ground, folder)
        desk.write_team(objectives=3)
        document = desk.folder / "okrs" / "team-0.toml"
        text = document.read_text()
        document.write_text(text.replace('id = "o0-1"', 'id = "o0-1"\naligns_to = ["o0-0"]'))
        desk.run("sync")
        ground.set_current(first.child("kr1"), 3.1)
        ground.add_child(first, done=True)
        desk.replace("team-0.toml", 'measure = { from = "field" }\n\n  [[', 'measure = { from = "children" }\n\n  [[')
        desk.run("pull")
        desk.replace("team-0.toml", "feel instant", "be instant")
        desk.replace("team-0.toml", 'why = "Half', 'due = 2026-11-30\nwhy = "More than half')
        desk.replace("team-0.toml", '\naligns_to = ["o0-0"]', "")
        desk.run("sync")
        desk.replace("team-0.toml", "due = 2026-11-30", 'stage = "closed"')
        desk.run("sync")
        desk.replace("team-0.toml", 'stage = "closed"', "")
        desk.lose_cache()
        desk.run("sync")
        with desk.workspace().tracker("work") as tracker:
            tracker.login()
            tracker.projects()
            tracker.fields(ground.project(), f"acme/{ground.board}" if isinstance(ground, GitHub) else None)
            item = tracker.find(next(iter(_scopes(desk))), [f"okrsync:acme:{CYCLE}/{first.objective}/kr1"])
            assert item == ()
            talk(tracker, _scopes(desk), f"okrsync:acme:{CYCLE}:{first.objective}/kr1")
        return ground.site.requests.records


def talk(tracker: Tracker, scopes: list[Scope], marker: str) -> None:
    """A long talk below a key result's item, heard at first and then by what is new."""

    def marked() -> list[RemoteItem]:
        return [each for each in tracker.read(scopes, markers=[marker]).items if marker in each.markers]

    for number in range(21):
        tracker.comment(marked()[0].at, f"okr: {number}")
    items = marked()
    heard = tracker.comments_since(items)
    assert len(heard.comments[items[0].at.id]) == len(tracker.comments(items[0].at)) == 21
    tracker.comments_since(items, heard.cursor)


def _scopes(desk: Desk) -> list[Scope]:
    return [mapping.scope() for mapping in desk.workspace().settings.mappings]


def failures(records: list[RequestRecord], check: Callable[[RequestRecord], list[str]]) -> list[str]:
    return [f"{each.method} {each.path}: {problem}" for each in records for problem in check(each)]


def test_jira_cloud(tmp_path: Path) -> None:
    try:
        description = JiraDescription.load()
    except FileNotFoundError as absent:
        if os.environ.get("OKRSYNC_REQUIRE_VENDOR") == "1":
            raise
        pytest.skip(str(absent))
    records = job(JiraCloud(), tmp_path)
    assert len(records) > 40
    assert {each.method for each in records} >= {"GET", "POST", "PUT"}
    assert failures(records, description.check) == []


def test_github(tmp_path: Path) -> None:
    rest, graphql = GitHubRestDescription.load(), GitHubGraphQLDescription.load()
    records = job(GitHub(), tmp_path)
    queries = [each for each in records if each.path.endswith("/graphql")]
    assert len(records) > 40 and len(queries) > 5
    assert {each.method for each in records} >= {"GET", "POST", "PATCH"}
    assert failures([each for each in records if each not in queries], rest.check) == []
    assert failures(queries, graphql.check_record) == []
