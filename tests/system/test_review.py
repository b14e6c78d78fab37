"""The review at half time on real trackers: what drifts after weeks of work, and a target that changes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from okrsync.sandbox.jira import JiraSandbox
from okrsync.store.cache import Cache
from okrsync.store.values import CheckIn
from tests.system.calling import O1, Okrsync, writes
from tests.system.grounds import Desk, GitHub, JiraCloud, served
from tests.system.terminals import Terminal

KR1, KR2 = O1.child("kr1"), O1.child("kr2")
START = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
NOW = START + timedelta(weeks=6, hours=1)


@pytest.fixture(params=(JiraCloud, GitHub), ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Six weeks on: kr1 creeps 0.05 s a week and everybody is sure of it; kr2 leaps ahead."""
    monkeypatch.delenv("OKRSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    with served(request.param()) as ground:
        desk = Desk(ground, tmp_path)
        desk.write_team(key_results=2)
        for week in range(7):
            with time_machine.travel(START + timedelta(weeks=week), tick=True):
                if week:
                    ground.set_current(KR1, 4.0 - 0.05 * week)
                    ground.set_current(KR2, 4.0 - 0.35 * week)
                desk.run("pull" if week else "sync")
                if not week:
                    ground.set_current(KR1, 4.0)
                    ground.set_current(KR2, 4.0)
                    desk.run("pull")
                with Cache.open(tmp_path / "okrsync.db", "acme") as cache:
                    at = datetime.now(UTC)
                    obstacle = "the vendor is late" if week >= 3 else ""
                    cache.check_ins.add(CheckIn(KR1, at, "dana", None, 0.8, "", obstacle, "money"))
                    cache.check_ins.add(CheckIn(KR2, at, "dana", None, 0.6))
        with time_machine.travel(NOW, tick=True):
            yield desk


def document(desk: Desk) -> str:
    return (desk.folder / "okrs" / "team-0.toml").read_text()


def test_what_drifts_and_what_to_trade_off(desk: Desk, okrsync: Okrsync) -> None:
    before = writes(desk)
    found = okrsync("review", "--json").json
    first, second = found["key_results"]
    assert (first["ref"], second["ref"]) == (str(KR1), str(KR2))
    signs = {each["sign"]: each for each in first["drifts"]}
    # (3.7 − 4) / −2.5 = 0.12, where 42 of 91 days have passed: 0.4615; it ends at 0.12 · 91 / 42 = 0.26.
    behind = signs["behind its pace"]["figures"]
    assert behind["progress"] == pytest.approx(0.12) and behind["expected"] == pytest.approx(42 / 91)
    assert behind["projected"] == pytest.approx(0.26)
    # A line of −0.05 s a week ends 7.05 to 7.1 weeks later at about 3.35 s: 0.26 of the way, with 0.8 confidence.
    forecast = signs["confidence above forecast"]["figures"]
    assert forecast["progress_high"] == pytest.approx(0.26, abs=0.01) and forecast["confidence"] == 0.8
    assert signs["obstacle stays"]["figures"]["check_ins"] == 4
    assert signs["help asked for"]["text"].endswith("money")
    assert second["drifts"] == [] and not second["drifting"]
    assert first["no_forecast"] is None and (second["forecast"] is None) is (second["no_forecast"] is not None)
    (offer,) = found["trade_offs"]
    assert (offer["ref"], offer["others"]) == (str(KR1), [str(KR2)])
    assert "dana" not in json.dumps(found)

    page = okrsync("review", "--out", "review.md")
    assert page.code == 0
    text = (desk.folder / "review.md").read_text()
    assert "- **obstacle stays**: named in 4 check-ins in a row, since 2026-10-22" in text
    assert "Decision: keep / adjust" in text and "## As planned" in text
    assert okrsync("review", str(KR2)).out.splitlines()[1] == "It goes as planned."
    assert writes(desk) == before


def test_a_changed_target_goes_to_the_tracker_and_the_original_stays_visible(
    desk: Desk, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKRSYNC_USER", "erin")
    desk.replace("team-0.toml", "  target = 1.5", "  target = 1.5  # as in the contract")
    text = document(desk)
    dry = okrsync("review", "o0-0/kr1", "--target", "3.0", "--reason", "the vendor left", "--dry-run")
    assert dry.code == 0 and "nothing was written" in dry.out and document(desk) == text
    done = okrsync("review", "o0-0/kr1", "--target", "3.0", "--reason", "the vendor left", "--as", "dana")
    assert done.code == 0 and "target 1.5 → 3 s" in done.out and "its title still says 1.5" in done.err
    changed = document(desk)
    assert changed.count("# as in the contract") == 2
    (objective,) = tomllib.loads(changed)["objectives"]
    change = {"on": date(2026, 11, 12), "from": 1.5, "to": 3, "reason": "the vendor left", "by": "dana"}
    assert objective["key_results"][0]["target_changes"] == [change]
    assert okrsync("plan").out.count("KR target: 1.5 → 3") == 1
    assert okrsync("sync").code == 0
    site = desk.ground.site
    if isinstance(site, JiraSandbox):
        key = desk.ground._key(KR1)  # type: ignore[attr-defined]
        assert site.issue(key).fields["KR target"] == 3.0
        assert "4 → 3 s" in (site.issue(key).description or "")
    assert okrsync("sync").out.startswith("nothing to do (")

    again = okrsync("review", "o0-0/kr1", "--target", "3.5", "--reason", "and took the data", "--json").json
    assert (again["from"], again["to"], again["original"]) == (3.0, 3.5, 1.5)
    assert again["by"] == "erin", "who OKRSYNC_USER names"
    shown = okrsync("review").out
    assert "4 → 3.5 s (began with 1.5 s)" in shown
    assert "from 1.5 to 3 s on 2026-11-12 by dana: the vendor left" in shown
    assert "from 3 to 3.5 s on 2026-11-12 by erin: and took the data" in shown
    first, second = okrsync("review", "--json").json["key_results"][0]["target_changes"]
    assert (first["by"], second["by"]) == ("dana", "erin")
    assert "1.5" in okrsync("explain", "o0-0/kr1").out and "the vendor left" in okrsync("explain", "o0-0/kr1").out
    assert "the vendor left" in okrsync("report").out
    assert okrsync("check").code == 0


REFUSED = [
    (("o0-0/kr1", "--target", "3.0"), "with a reason, which stays visible"),
    (("o0-0/kr1", "--target", "1.5", "--reason", "x"), "is 1.5 s already"),
    (("o0-0/kr1", "--target", "nan", "--reason", "x"), "no number"),
    (("o0-0", "--target", "3.0", "--reason", "x"), "--target changes one key result"),
    (("--target", "3.0", "--reason", "x"), "--target changes one key result"),
    (("o0-0/kr1", "--reason", "x"), "--reason goes with --target"),
    (("o0-0/kr1", "--as", "dana"), "--as goes with --target"),
    (("o0-0/kr1", "--target", "3.0", "--reason", "x" * 300), "at most 250"),
    (("o0-0/kr9", "--target", "3.0", "--reason", "x"), "Did you mean"),
    (("--interactive",), "nobody is there"),
]


@pytest.mark.parametrize("desk", [JiraCloud], indirect=True, ids=["jira-cloud"])
def test_what_is_refused_leaves_the_document_alone(desk: Desk, okrsync: Okrsync) -> None:
    before = document(desk)
    for arguments, why in REFUSED:
        said = okrsync("review", *arguments)
        assert said.code == 2 and why in said.err, arguments
    assert document(desk) == before


@pytest.mark.parametrize("desk", [JiraCloud], indirect=True, ids=["jira-cloud"])
def test_a_meeting_at_a_terminal_keeps_what_it_decided_through_ctrl_c(desk: Desk) -> None:
    arguments = ("review", "--interactive", "--out", "minutes.md")
    what = "[k] keep, [a] adjust the target, [t] trade off, [q] quit"
    meeting = Terminal(desk.folder, NOW, *arguments)
    meeting.answers(what, "x")
    meeting.answers("answer with k, a, t or q", "a")
    meeting.answers("new target of o0-0/kr1, 4 → 1.5 s now", "9")
    meeting.answers("is not where", "3")
    assert meeting.stops("because") == 130 and "no target was changed" in meeting.last_words
    assert "target_changes" not in document(desk)

    meeting = Terminal(desk.folder, NOW, *arguments)
    meeting.answers(what, "t")
    meeting.answers("new target of o0-0/kr2, 4 → 1.5 s now", "2.0")
    meeting.answers("because", "to free two people")
    assert meeting.stops("new target of o0-0/kr1") == 130
    assert "1 target was changed, and written" in meeting.last_words
    assert 'reason = "to free two people"' in document(desk)

    meeting = Terminal(desk.folder, NOW, *arguments)
    meeting.answers(what, "k")
    assert meeting.ends() == 0 and "written to minutes.md" in meeting.last_words
    assert "Decision: keep\n" in (desk.folder / "minutes.md").read_text()
