"""New comments are heard in one request a repository, free where nobody spoke, and nothing said is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okrsync.sandbox import Fault, SandboxServer
from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.github import GitHubSandbox
from okrsync.testing import MemoryPages
from okrsync.trackers.errors import AuthFailed, NotFound, Transient
from okrsync.trackers.values import CommentReading, ItemId, ItemKind, RemoteItem
from okrsync_github.comments import MOST_ALONE
from okrsync_github.items import comment_from
from tests.unit.plugins.github.github_ground import GitHub

START = datetime(2026, 10, 5, 9, tzinfo=UTC)


def issues(site: GitHubSandbox, number: int, repository: str = "acme/web") -> list[RemoteItem]:
    """So many issues of key results, as a reading would show them, without asking for them."""
    return [item(site, repository, site.create_issue(repository, f"KR{each}")) for each in range(number)]


def item(site: GitHubSandbox, repository: str, number: int) -> RemoteItem:
    shown = site.issue(repository, number)
    return RemoteItem(
        ItemId(repository, f"{repository}/issues/{number}", f"{repository}#{number}", ""),
        ItemKind.KEY_RESULT,
        shown["title"],
        created=datetime.fromisoformat(shown["created_at"]),
        updated=datetime.fromisoformat(shown["updated_at"]),
    )


def texts(reading: CommentReading) -> list[str]:
    return sorted(each.text for comments in reading.comments.values() for each in comments)


def later(site: GitHubSandbox, minutes: float = 15) -> None:
    site.clock.advance(timedelta(minutes=minutes))


def test_five_hundred_silent_issues_cost_one_free_request(github: GitHub) -> None:
    site = github.site
    items = issues(site, 500)
    later(site)
    site.comment("acme/web", 7, "okr: 3.1")
    pages = MemoryPages()
    github.clear()

    first = github.connect(pages=pages).comments_since(items)
    assert texts(first) == ["okr: 3.1"]
    assert [status for _, _, status in github.sent()] == [200]

    later(site)
    second = github.connect(pages=pages).comments_since(items, first.cursor)
    statuses = []
    for _ in range(3):
        later(site)
        github.clear()
        third = github.connect(pages=pages).comments_since(items, second.cursor)
        statuses += [status for _, _, status in github.sent()]
        assert third.cursor == second.cursor == first.cursor
    assert statuses == [304, 304, 304], "free of the rate limit"
    assert not second.complete

    site.comment("acme/web", 400, "okr: 3.2")
    github.clear()
    assert "okr: 3.2" in texts(github.connect(pages=pages).comments_since(items, second.cursor))
    assert [status for _, _, status in github.sent()] == [200]


def test_a_repository_where_nobody_ever_spoke_is_free_too(github: GitHub) -> None:
    items = issues(github.site, 3)
    pages = MemoryPages()
    cursor = github.connect(pages=pages).comments_since(items).cursor
    github.clear()

    assert github.connect(pages=pages).comments_since(items, cursor).comments == {}
    assert [status for _, _, status in github.sent()] == [304]

    github.site.comment("acme/web", 2, "the first word")
    assert texts(github.connect(pages=pages).comments_since(items, cursor)) == ["the first word"]


def test_nothing_is_asked_where_issues_say_that_nothing_changed(github: GitHub) -> None:
    site = github.site
    numbers = [each.at.id.rpartition("/")[2] for each in issues(site, 3)]
    tracker = github.connect()

    def hear(cursor: str | None, requests: int) -> CommentReading:
        items = [
            replace(item(site, "acme/web", int(each)), comments=site.issue("acme/web", int(each))["comments"])
            for each in numbers
        ]
        later(site)
        github.clear()
        reading = tracker.comments_since(items, cursor)
        assert len(github.sent()) == requests
        return reading

    silent = hear(None, 0)
    assert texts(hear(silent.cursor, 0)) == []
    comment = site.comment("acme/web", 2, "okr: 3.1")
    first = hear(silent.cursor, 1)
    assert texts(first) == ["okr: 3.1"]
    assert texts(hear(first.cursor, 0)) == []
    site.edit_comment("acme/web", comment, "okr: 3.2")
    assert texts(hear(first.cursor, 1)) == ["okr: 3.2"]


def test_what_is_said_elsewhere_in_the_repository_is_not_ours(github: GitHub) -> None:
    ours, theirs = issues(github.site, 2)
    change = github.site.create_issue("acme/web", "A change", pull_request=True)
    for number in (1, 2, change):
        github.site.comment("acme/web", number, f"below {number}")

    reading = github.connect().comments_since([ours])

    assert texts(reading) == ["below 1"]
    assert theirs.at.id not in reading.comments


@pytest.mark.parametrize("number", [100, 101, 250])
def test_a_long_list_comes_whole(github: GitHub, number: int) -> None:
    items = issues(github.site, 5)
    for each in range(number):
        github.site.comment("acme/web", each % 5 + 1, f"{each:03}")
        github.site.clock.advance(timedelta(seconds=7))

    assert texts(github.connect().comments_since(items)) == [f"{each:03}" for each in range(number)]


def test_more_than_a_page_within_one_second_comes_whole() -> None:
    with frozen() as (site, github):
        items = issues(site, 2)
        for each in range(230):
            site.comment("acme/web", 1, f"{each:03}")
        later(site)
        site.comment("acme/web", 2, "999")

        assert texts(github.connect().comments_since(items)) == [*(f"{each:03}" for each in range(230)), "999"]


def test_comments_that_are_edited_while_pages_are_read_push_no_other_out() -> None:
    with frozen(page_size=2) as (site, github):
        items = issues(site, 1)
        ids = []
        for each in range(8):
            ids.append(site.comment("acme/web", 1, f"said {each}"))
            later(site, 1)
        github.clear()
        site.faults.add(Fault("status", status=500, path="/comments$", skip=1, times=1))
        tracker = github.connect()
        tracker.context.policy.stop = Editing(site, ids[0])  # type: ignore[assignment]

        reading = tracker.comments_since(items)

        assert {f"said {each}" for each in range(1, 8)} <= set(texts(reading))


class Editing:
    """Edits a comment whenever the policy looks whether it should stop or waits for its turn."""

    def __init__(self, site: GitHubSandbox, comment: int) -> None:
        self._site, self._comment = site, comment

    def is_set(self) -> bool:
        self._site.edit_comment("acme/web", self._comment, "edited meanwhile")
        return False

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


def test_an_issue_that_becomes_ours_later_brings_what_was_said_before(github: GitHub) -> None:
    site = github.site
    old, adopted = issues(site, 2)
    site.comment("acme/web", 2, "long before")
    later(site, 60)
    site.comment("acme/web", 1, "then")
    cursor = github.connect().comments_since([old]).cursor
    github.clear()

    reading = github.connect().comments_since([old, adopted], cursor)
    assert [each.text for each in reading.comments[adopted.at.id]] == ["long before"]
    assert len(github.sent()) == 2

    github.clear()
    assert "long before" not in texts(github.connect().comments_since([old, adopted], reading.cursor))
    assert len(github.sent()) == 1


def test_a_new_issue_costs_no_request_of_its_own(github: GitHub) -> None:
    site = github.site
    items = issues(site, 1)
    site.comment("acme/web", 1, "then")
    cursor = github.connect().comments_since(items).cursor
    later(site)
    items += issues(site, 3)
    site.comment("acme/web", 4, "from the beginning")
    github.clear()

    assert "from the beginning" in texts(github.connect().comments_since(items, cursor))
    assert len(github.sent()) == 1


def test_many_issues_that_become_ours_together_are_read_together(github: GitHub) -> None:
    site = github.site
    items = issues(site, MOST_ALONE + 2)
    for each in range(MOST_ALONE + 2):
        site.comment("acme/web", each + 1, f"{each:02}")
    later(site, 60)
    site.comment("acme/web", 1, "then")
    cursor = github.connect().comments_since(items[:1]).cursor
    github.clear()

    found = texts(github.connect().comments_since(items, cursor))

    assert found == [*(f"{each:02}" for each in range(MOST_ALONE + 2)), "then"]
    assert len(github.sent()) == 1


def test_a_repository_that_cannot_be_read_keeps_its_place(github: GitHub) -> None:
    site = github.site
    site.add_repository("acme/app")
    items = [*issues(site, 1), *issues(site, 1, "acme/app")]
    for repository in ("acme/web", "acme/app"):
        site.comment(repository, 1, f"long before in {repository}")
    later(site)
    for repository in ("acme/web", "acme/app"):
        site.comment(repository, 1, f"first in {repository}")
    cursor = github.connect().comments_since(items).cursor
    later(site)
    for repository in ("acme/web", "acme/app"):
        site.comment(repository, 1, f"second in {repository}")
    site.faults.add(Fault("status", status=404, path="/acme/app/", response_body=b'{"message": "Not Found"}'))

    first = github.connect().comments_since(items, cursor)
    second = github.connect().comments_since(items, first.cursor)

    assert isinstance(first.failures["acme/app"], NotFound)
    assert "second in acme/web" in texts(first)
    assert "second in acme/app" in texts(second)
    assert "long before in acme/app" not in texts(second)


@pytest.mark.parametrize("page", range(4))
def test_a_page_that_cannot_be_read_leaves_the_cursor_where_it_was(page: int) -> None:
    with frozen(page_size=2) as (site, github):
        items = issues(site, 1)
        site.comment("acme/web", 1, "before")
        cursor = github.connect().comments_since(items).cursor
        for each in range(6):
            later(site, 10)
            site.comment("acme/web", 1, f"said {each}")
        site.faults.add(Fault("status", status=502, path="/comments$", skip=page, times=3))

        with pytest.raises(Transient):
            github.connect().comments_since(items, cursor)

        assert {f"said {each}" for each in range(6)} <= set(texts(github.connect().comments_since(items, cursor)))


def test_a_server_that_is_down_is_not_asked_for_every_repository(github: GitHub) -> None:
    site = github.site
    names = [f"acme/app{number}" for number in range(10)]
    for name in names:
        site.add_repository(name)
    items = [each for name in names for each in issues(site, 1, name)]
    site.faults.add(Fault("status", status=502, times=999))
    github.clear()

    with pytest.raises(Transient):
        github.connect().comments_since(items)
    assert len(github.sent()) == 6, "two repositories, three times each"


def test_a_refused_token_is_no_failure_of_one_repository(github: GitHub) -> None:
    items = issues(github.site, 1)
    with pytest.raises(AuthFailed):
        github.connect(token="revoked").comments_since(items)


def test_a_list_of_something_else_is_no_list_of_comments(github: GitHub) -> None:
    (item,) = issues(github.site, 1)
    github.site.faults.add(
        Fault("status", status=200, response_body=b'[{"weird": 1}]', path=r"/issues/\d+/comments$", times=None)
    )
    with pytest.raises(Transient, match="comments"):
        github.connect().comments(item.at)


def test_milestones_take_no_comments(github: GitHub) -> None:
    milestone = RemoteItem(
        ItemId("acme/web", "acme/web/milestones/1", "acme/web/milestone/1", ""), ItemKind.OBJECTIVE, "O"
    )
    github.clear()

    assert github.connect().comments_since([milestone]).comments == {}
    assert github.sent() == []


def test_who_has_no_part_in_the_repository_is_an_outsider(github: GitHub) -> None:
    site = github.site
    (item,) = issues(site, 1)
    site.set_role("acme/web", "dana", "read")
    site.comment("acme/web", 1, "one of us", author="dana")
    site.comment("acme/web", 1, "passing by", author="mallory")

    found = github.connect().comments_since([item]).comments[item.at.id]

    assert [(each.author, each.account, each.insider) for each in found] == [
        ("dana", "dana", True),
        ("mallory", "mallory", False),
    ]
    assert [each.url.rpartition("#")[2] for each in found] == [f"issuecomment-{each.id}" for each in found]


@pytest.mark.parametrize(
    ("association", "kind", "insider"),
    [
        ("OWNER", "User", True),
        ("MEMBER", "User", True),
        ("COLLABORATOR", "User", True),
        ("CONTRIBUTOR", "User", False),
        ("FIRST_TIMER", "User", False),
        ("FIRST_TIME_CONTRIBUTOR", "User", False),
        ("MANNEQUIN", "User", False),
        ("NONE", "User", False),
        ("NONE", "Bot", True),
        ("CONTRIBUTOR", "Bot", True),
        (None, "User", None),
    ],
)
def test_insiders(association: str | None, kind: str, insider: bool | None) -> None:
    user = {"login": "someone", "type": kind}
    assert comment_from({"id": 1, "user": user, "author_association": association}).insider is insider


def test_a_comment_of_a_deleted_account_has_nobody_as_author() -> None:
    data = {"id": 1, "user": None, "body": "a\r\nb", "author_association": "NONE"}
    read = comment_from(data | {"created_at": "2026-10-05T09:00:00Z", "updated_at": "2026-10-05T09:00:00Z"})
    assert (read.author, read.account, read.text, read.edited) == ("", "", "a\nb", None)


@pytest.mark.parametrize("cursor", ["", "x", "[]", "3", "null", '{"acme/web": 3}', '{"acme/web": ["x", []]}'])
def test_a_cursor_that_is_none_of_ours_reads_everything(github: GitHub, cursor: str) -> None:
    items = issues(github.site, 1)
    github.site.comment("acme/web", 1, "okr: 1")
    assert texts(github.connect().comments_since(items, cursor)) == ["okr: 1"]


steps = st.one_of(
    st.tuples(st.just("comment"), st.integers(0, 2)),
    st.tuples(st.just("edit"), st.integers(0, 20)),
    st.tuples(st.just("delete"), st.integers(0, 20)),
    st.tuples(st.just("later"), st.sampled_from([0.001, 0.1, 4, 6, 60])),
    st.tuples(st.just("read"), st.sampled_from([(0,), (0, 1), (0, 1, 2), (2,)])),
    st.tuples(st.just("fail"), st.integers(0, 3)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=25), st.booleans(), st.booleans())
def test_going_on_hears_all_that_beginning_anew_does(
    script: list[tuple[str, object]], keeping: bool, counted: bool
) -> None:
    """Whatever people do between readings, each reading tells what became of every comment since the one before."""
    with frozen(page_size=2) as (site, github):
        items = issues(site, 3)
        ids: list[int] = []
        known: dict[str, str] = {}
        cursor: str | None = None
        wanted: tuple[int, ...] = ()
        pages = MemoryPages()
        # The last but one may meet a failure that was still to come.
        end: list[tuple[str, object]] = [("read", (0, 1, 2))] * 2
        for number, (step, value) in enumerate([*script, *end]):
            match step, value:
                case "comment", int(issue):
                    ids.append(site.comment("acme/web", issue + 1, f"said {number}"))
                case "edit", int(which) if ids:
                    site.edit_comment("acme/web", ids[which % len(ids)], f"edited {number}")
                case "delete", int(which) if ids:
                    gone = ids.pop(which % len(ids))
                    site.delete_comment("acme/web", gone)
                    known.pop(str(gone), None)
                case "later", float(minutes) | int(minutes):
                    later(site, minutes)
                case "fail", int(skip):
                    site.faults.add(Fault("status", status=502, skip=skip, times=3))
                case "read", tuple(which):
                    wanted = which
                    others = {items[each].at.id for each in {0, 1, 2} - {*which}} if keeping else ()
                    shown = [as_shown(site, items[each], counted=counted) for each in which]
                    try:
                        reading = github.connect(pages=pages).comments_since(shown, cursor, others)
                    except Transient:
                        continue
                    finally:
                        site.faults.clear()
                    known |= {each.id: each.text for found in reading.comments.values() for each in found}
                    cursor = reading.cursor
        whole = github.connect().comments_since([items[each] for each in wanted])
        now = {each.id: each.text for found in whole.comments.values() for each in found}
        assert {id_: text for id_, text in known.items() if id_ in now} == now


def as_shown(site: GitHubSandbox, known: RemoteItem, *, counted: bool) -> RemoteItem:
    """An issue as a reading shows it now; `counted`, with the number of its comments."""
    number = int(known.at.id.rpartition("/")[2])
    shown = item(site, "acme/web", number)
    return replace(shown, comments=site.issue("acme/web", number)["comments"]) if counted else shown


def test_parts_that_are_read_in_turns_keep_each_others_place(github: GitHub) -> None:
    site = github.site
    items = issues(site, 4)
    ids = [each.at.id for each in items]
    site.comment("acme/web", 1, "the first word")
    later(site)
    tracker = github.connect()
    cursor = tracker.comments_since([as_shown(site, each, counted=True) for each in items]).cursor

    def hear(which: slice, requests: int) -> list[str]:
        nonlocal cursor
        part = [as_shown(site, each, counted=True) for each in items[which]]
        github.clear()
        reading = tracker.comments_since(part, cursor, set(ids) - set(ids[which]))
        cursor = reading.cursor
        assert len(github.sent()) == requests
        return texts(reading)

    one, other = slice(0, 2), slice(2, 4)
    for _ in range(3):
        assert hear(one, 0) == hear(other, 0) == []
    site.comment("acme/web", 4, "okr: 3.1")
    site.comment("acme/web", 2, "okr: 3.2")
    later(site)
    # The list of a repository shows both; each is heard in its own turn.
    assert "okr: 3.2" in hear(one, 1)
    assert hear(other, 1) == ["okr: 3.1"]
    assert hear(one, 0) == hear(other, 0) == []
    assert hear(slice(0, 4), 0) == []


@contextmanager
def frozen(page_size: int = 100) -> Iterator[tuple[GitHubSandbox, GitHub]]:
    """A GitHub whose clock stands still."""
    site = GitHubSandbox(enforce_limits=False, page_size=page_size, clock=SandboxClock(START, frozen=True))
    site.add_repository("acme/web")
    with SandboxServer(site) as server:
        github = GitHub(site, server.url)
        yield site, github
        for tracker in github.trackers:
            tracker.close()
