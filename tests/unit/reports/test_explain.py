"""The reason behind a number: every figure worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from okrsync.domain.evidence import Evidence
from okrsync.domain.okr import KeyResult, Okrs, TargetChange
from okrsync.domain.ref import Ref
from okrsync.domain.terms import Terms
from okrsync.problems import Problems
from okrsync.reports.explain import explain, find_ref
from okrsync.reports.explain_json import explain_json
from okrsync.reports.explain_views import explain_lines
from okrsync.reports.history import status_as_of
from okrsync.reports.history_rows import recorded
from okrsync.reports.plan_views import lines_text
from okrsync.store.cache import Cache
from okrsync.store.values import Measured
from tests.unit.reports import past
from tests.unit.reports.past import CYCLE, NOW, OKRS, WEEK, day, ref


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with past.filled(tmp_path / "okrsync.db") as opened:
        yield opened


def reason(
    cache: Cache, what: Ref, since: datetime | None = None, okrs: Okrs = OKRS
) -> tuple[dict[str, Any], list[str]]:
    before = status_as_of(cache, okrs, "acme", CYCLE, since, WEEK) if since and not what.is_key_result else None
    found = explain(what, okrs, past.status(cache, okrs), cache, since, before)
    return json.loads(json.dumps(explain_json(found))), list(lines_text(explain_lines(found)))


def section(lines: list[str], title: str) -> list[str]:
    start = lines.index(title) + 1
    end = next((n for n in range(start, len(lines)) if not lines[n]), len(lines))
    return [line.strip() for line in lines[start:end]]


def test_a_share_is_explained_from_its_parts_to_its_health(cache: Cache) -> None:
    told, lines = reason(cache, ref("fast", "moved"))
    # 5 of 10 done: 50 %, of a target of 80 %: 0.625; on 22 November 52 of 91 days have passed.
    assert (told["current"], told["progress"]) == (50.0, 0.625)
    assert section(lines, "the arithmetic") == [
        "current = items done / all items × 100",
        "= 5 / 10 × 100 = 50 %",
        "raw = (current − baseline) / (target − baseline)",
        "= (50 − 0) / (80 − 0)",
        "= 50 / 80 = 0.625",
        "progress = 0.625",
        "expected = 0.5714285714, the share of the cycle that has passed",
        "health = 0.625 / 0.5714285714 = 1.09375 → on-track (on-track from 0.7, at-risk from 0.4)",
    ]
    assert told["origin"]["measure"] == {"from": "children", "of": "objective"}
    assert told["origin"]["document"] == "okrs/team.toml"
    assert told["origin"]["url"] == "https://acme.example/browse/PLAT-1"
    assert told["origin"]["stale"] and told["origin"]["stale_why"] == "it was last seen 17 days ago"
    assert [each["key"] for each in told["parts"] if each["done"]] == [f"PLAT-{each}" for each in "abcde"]
    assert told["parts"][0]["url"] == "https://acme.example/browse/PLAT-a"
    assert "done (5): PLAT-a, PLAT-b, PLAT-c, PLAT-d, PLAT-e" in section(lines, "what counts")


def test_the_last_movement_is_taken_apart(cache: Cache) -> None:
    told, lines = reason(cache, ref("fast", "moved"))
    # 2 of 8 (25 %) → 5 of 8 (62.5 %) → 5 of 10 (50 %), all for a target of 80 %.
    movement = told["movement"]
    assert (movement["before"]["value"], movement["after"]["value"]) == (25.0, 50.0)
    assert {name: each for name, each in movement["value"].items() if each} == {
        "moved": 25.0,
        "work_done": 37.5,
        "scope_change": -12.5,
    }
    assert movement["progress"]["work_done"] == pytest.approx(37.5 / 80)
    assert movement["progress"]["moved"] == pytest.approx(25 / 80)
    assert [(each["move"], each["key"]) for each in movement["items"]] == [
        ("entered", "PLAT-i"),
        ("entered", "PLAT-j"),
        ("done", "PLAT-c"),
        ("done", "PLAT-d"),
        ("done", "PLAT-e"),
    ]
    assert section(lines, "the last movement") == [
        "from 25 % of 2026-10-31 09:00 UTC to 50 % of 2026-11-05 09:00 UTC",
        "progress 31 % → 62 %",
        "value       progress",
        "work done     +37.5 %  +46.88 points",
        "scope change  −12.5 %  −15.62 points",
        "together        +25 %  +31.25 points",
        "entered: PLAT-i, https://acme.example/browse/PLAT-i",
        "entered: PLAT-j, https://acme.example/browse/PLAT-j",
        "done: PLAT-c, https://acme.example/browse/PLAT-c",
        "done: PLAT-d, https://acme.example/browse/PLAT-d",
        "done: PLAT-e, https://acme.example/browse/PLAT-e",
    ]


def test_since_a_day_everything_is_added_up_with_the_change_of_target(cache: Cache) -> None:
    told, lines = reason(cache, ref("fast", "moved"), day(1))
    # 0 of 8 → 2 of 8: +25 % and +0.25 (target 100); target 80: 0.25 → 0.3125; then +37.5 % and −12.5 % of 80.
    value, progress = told["movement"]["value"], told["movement"]["progress"]
    assert (value["work_done"], value["scope_change"], value["moved"]) == (62.5, -12.5, 50.0)
    assert value["target_change"] == 0.0
    assert progress["target_change"] == pytest.approx(0.0625)
    assert progress["work_done"] == pytest.approx(0.25 + 37.5 / 80)
    assert sum(each for name, each in progress.items() if name != "moved") == pytest.approx(progress["moved"]) == 0.625
    assert told["movement"]["steps"] == 3 and told["movement"]["before"]["at"] == day(1).isoformat()
    assert any(
        "target change" in line and "+6.25 points" in line for line in section(lines, "the movement since 2026-10-02")
    )


def test_progress_against_the_scope_at_the_start_stands_beside_that_against_todays(cache: Cache) -> None:
    told, lines = reason(cache, ref("fast", "moved"))
    # 5 of the 8 that there were at the start: 62.5 %, of 80 %: 0.78125.
    assert told["scopes"]["then"] == {"done": 5.0, "total": 8.0, "value": 62.5, "progress": 0.78125}
    assert told["scopes"]["today"] == {"done": 5.0, "total": 10.0, "value": 50.0, "progress": 0.625}
    assert (told["scopes"]["entered"], told["scopes"]["left"]) == (2, 0)
    assert section(lines, "scope")[1:] == [
        "today's scope                                   5 of 10    50 %      62 %",
        "the scope of 2026-10-01, the cycle's start       5 of 8  62.5 %      78 %",
        "since then 2 items entered and 0 left",
    ]


def test_targets_over_time_stay_visible(cache: Cache) -> None:
    told, lines = reason(cache, ref("fast", "moved"))
    assert [(each["since"], each["target"]) for each in told["terms"]] == [
        (day(0).isoformat(), 100.0),
        (day(30).isoformat(), 80.0),
    ]
    assert section(lines, "what was asked for") == [
        "from 2026-10-01 09:00 UTC: 0 → 100 %, weight 2",
        "from 2026-10-31 09:00 UTC: 0 → 80 %, weight 2",
        "why the target changed on 2026-10-31 is not in the document",
    ]


def with_changes(*changes: TargetChange) -> tuple[Okrs, KeyResult]:
    key_result = replace(past.MOVED, target_changes=changes)
    fast = replace(past.FAST, key_results=(key_result, *past.FAST.key_results[1:]))
    return Okrs((fast, past.SUPPORT), (past.UPTIME,)), key_result


def test_a_changed_target_is_told_with_its_day_and_its_reason(cache: Cache) -> None:
    changed = TargetChange(date(2026, 10, 30), 100.0, 80.0, "two services are to be\nswitched off", "erin")
    okrs, _ = with_changes(changed)
    told, lines = reason(cache, ref("fast", "moved"), day(1), okrs=okrs)
    as_json = {"on": "2026-10-30", "before": 100.0, "after": 80.0, "reason": changed.reason, "by": "erin"}
    assert told["target_changes"] == told["movement"]["target_changes"] == [as_json]
    said = "target 100 → 80 % on 2026-10-30 by erin: two services are to be switched off"
    assert said in section(lines, "the movement since 2026-10-02")
    assert section(lines, "what was asked for") == [
        "from 2026-10-01 09:00 UTC: 0 → 100 %, weight 2",
        "from 2026-10-31 09:00 UTC: 0 → 80 %, weight 2",
        said,
    ]
    # What the cache saw counts from when it saw it; the last movement is a later one.
    told, lines = reason(cache, ref("fast", "moved"), okrs=okrs)
    assert told["movement"]["target_changes"] == [] and said not in section(lines, "the last movement")


def test_the_document_alone_tells_what_the_target_was_where_the_cache_is_new(tmp_path: Path) -> None:
    okrs, key_result = with_changes(TargetChange(date(2026, 10, 20), 100.0, 80.0, "less to move"))
    with Cache.open(tmp_path / "new.db", "acme", clock=lambda: NOW) as cache:
        cache.observations.record([Measured(key_result.ref, 25.0, day(14), "2 of 8 done")])
        cache.terms.record({key_result.ref: Terms.of(key_result)}, day(40))
        told, _ = reason(cache, key_result.ref, day(15), okrs=okrs)
        then = status_as_of(cache, okrs, "acme", CYCLE, day(15), WEEK)
    # 25 of 100, and from 20 October on 25 of 80.
    assert [(each["since"], each["target"]) for each in told["terms"]] == [
        (day(14).isoformat(), 100.0),
        ("2026-10-20T00:00:00+00:00", 80.0),
    ]
    assert told["movement"]["progress"]["target_change"] == told["movement"]["progress"]["moved"] == 0.0625
    (moved, *_) = then.objectives[0].key_results
    assert (moved.key_result.target, moved.progress) == (100.0, 0.25)


def test_what_a_source_told_beside_its_value_is_shown(cache: Cache) -> None:
    from okrsync.domain.evidence import Evidence

    details = {"row": {"month": "2026-11", "rate": 3.5, "note": None}, "read": "x\x1b[31m"}
    evidence = Evidence({"from": "sql"}, details=details).to_json()
    cache.observations.record([Measured(ref("fast", "p95"), 2.0, NOW, "query on warehouse", evidence)])
    told, lines = reason(cache, ref("fast", "p95"))
    assert told["origin"]["details"] == details
    assert 'row: month = "2026-11", rate = 3.5, note = nothing' in section(lines, "where it comes from")
    assert "read: x[31m" in section(lines, "where it comes from")


def test_a_check_in_is_explained_by_who_and_when_and_the_forecast_stands_beside_the_confidence(cache: Cache) -> None:
    told, lines = reason(cache, ref("fast", "p95"))
    assert (told["origin"]["by"], told["origin"]["at"]) == ("dana", day(35).isoformat())
    assert "said by dana on 2026-11-05 09:00 UTC" in section(lines, "where it comes from")
    assert told["movement"]["value"]["manual_edit"] == told["movement"]["value"]["moved"] == pytest.approx(-0.4)
    assert told["forecast"]["points"] == 6 and told["forecast"]["too_little"] is None
    assert told["forecast"]["low"] < told["forecast"]["middle"] < told["forecast"]["high"] < 2.5
    assert told["confidence"] == {"confidence": 0.75, "by": "dana", "at": day(35).isoformat()}
    ahead = section(lines, "at the end of the cycle")
    assert ahead[0].startswith("forecast: ") and " s, middle " in ahead[0]
    assert ahead[-1] == "confidence: 75 %, stated by dana on 2026-11-05 09:00 UTC"


def test_a_value_that_could_not_be_read_again_says_so_and_nothing_obeys_the_tracker(cache: Cache) -> None:
    told, lines = reason(cache, ref("fast", "errors"))
    assert told["origin"]["stale_why"] == "the newest attempt to read it failed: P-3 is \x1b[31mgone"
    assert told["progress"] == 1.0 and told["forecast"]["low"] is None
    assert "0.4 lies in the band (at most 1 %): progress = 1" in section(lines, "the arithmetic")
    assert "stale: the newest attempt to read it failed: P-3 is [31mgone" in section(lines, "where it comes from")
    assert section(lines, "at the end of the cycle")[0].startswith("forecast: too little data")


def test_what_is_done_or_not_says_why_it_has_no_range(cache: Cache) -> None:
    sso = ref("support", "sso")
    assert section(reason(cache, sso)[1], "at the end of the cycle") == ["forecast: no value is known yet"]
    cache.observations.record([Measured(sso, 0.0, day(3), "check-in", Evidence({"from": "manual"}).to_json())])
    told, lines = reason(cache, sso)
    assert told["forecast"]["too_little"].startswith("done or not done is one step")
    assert section(lines, "at the end of the cycle")[0] == f"forecast: {told['forecast']['too_little']}"


def test_an_objective_is_explained_by_its_parts(cache: Cache) -> None:
    told, lines = reason(cache, ref("fast"))
    # (2 × 0.625 + 1 × 0.6 + 1 × 1) / 4 = 2.85 / 4; the supporting objective is unknown and weighs 1 of 5.
    assert told["progress"] == pytest.approx(0.7125) and told["coverage"] == 0.8
    assert [(each["ref"], each["weight"], each["brings"]) for each in told["parts"]] == [
        ("2026-Q4/fast/moved", 2.0, pytest.approx(0.3125)),
        ("2026-Q4/fast/p95", 1.0, pytest.approx(0.15)),
        ("2026-Q4/fast/errors", 1.0, pytest.approx(0.25)),
        ("2026-Q4/support", 1.0, None),
    ]
    assert told["parts"][3]["unknown"] == "none of its key results is known yet"
    assert sum(each["brings"] or 0 for each in told["parts"]) == pytest.approx(told["progress"])
    assert section(lines, "the arithmetic")[:4] == [
        "progress = (weight × progress of each that is known) / (weight that is known)",
        "= (2 × 0.625 + 1 × 0.6 + 1 × 1) / (2 + 1 + 1)",
        "= 2.85 / 4 = 0.7125",
        "coverage = 4 / 5 = 0.8, the share of weight that is known",
    ]
    assert any("unknown" in line and "2026-Q4/support (contributes)" in line for line in section(lines, "its parts"))
    assert told["movement"] is None


def test_what_each_part_moved_adds_up_to_the_objectives_movement(cache: Cache) -> None:
    told, lines = reason(cache, ref("fast"), day(15))
    # On day 15: 2 of 8 of 100 % = 0.25 with weight 2; 3.3 s = 0.28; errors 1: (0.5 + 0.28 + 1) / 4 = 0.445.
    movement = told["movement"]
    assert movement["progress_before"] == pytest.approx(0.445)
    assert [each["moved"] for each in movement["parts"]] == pytest.approx([0.3125 - 0.125, 0.15 - 0.07, 0.0, 0.0])
    assert sum(each["moved"] for each in movement["parts"]) == pytest.approx(movement["moved"])
    assert "progress 44 % → 71 %" in section(lines, "the movement since 2026-10-16")


def test_of_a_time_when_nothing_was_known_no_movement_is_claimed(cache: Cache) -> None:
    told, lines = reason(cache, ref("fast"), day(-1))
    assert told["movement"]["moved"] is None
    assert section(lines, "the movement since 2026-09-30") == ["not known: nothing was known then"]


def test_a_kpi_is_explained_by_its_band(cache: Cache) -> None:
    told, lines = reason(cache, ref("uptime"))
    assert (told["current"], told["in_band"]) == (99.99, True)
    assert lines[1].startswith("at least 99.9 %, now 99.99 %: in its band")
    assert "progress" not in " ".join(section(lines, "the last movement"))
    assert "what was asked for" not in lines, "its band was always this"


def test_the_bands_of_a_kpi_stay_visible(cache: Cache) -> None:
    before = replace(past.UPTIME, minimum=99.0)
    cache.terms.record({before.ref: Terms.of(before)}, day(0))
    cache.terms.record({before.ref: Terms.of(past.UPTIME)}, day(20.5))
    told, lines = reason(cache, ref("uptime"))
    # 99.5 was in the band of its time until the band became narrower on the same day.
    assert [(each["since"], each["min"]) for each in told["terms"]] == [
        (day(3).isoformat(), 99.0),
        (day(20.5).isoformat(), 99.9),
    ]
    assert section(lines, "what was asked for") == [
        "from 2026-10-04 09:00 UTC: at least 99 %",
        "from 2026-10-21 21:00 UTC: at least 99.9 %",
    ]
    told, lines = reason(cache, ref("uptime"), day(20.2))
    movement = section(lines, "the movement since 2026-10-21")
    assert movement[1] == "its band was changed: at least 99 % → at least 99.9 %"
    assert (told["movement"]["before"]["min"], told["movement"]["after"]["min"]) == (99.0, 99.9)
    rows = recorded(ref("uptime"), OKRS, "acme", CYCLE, cache, NOW).rows
    assert [(each.value, each.terms and each.terms.minimum, each.in_band) for each in rows] == [
        (99.95, 99.0, True),
        (99.5, 99.0, True),
        (99.5, 99.9, False),
        (99.99, 99.9, True),
    ]
    then = status_as_of(cache, OKRS, "acme", CYCLE, day(20.2), WEEK).kpis[0]
    assert (then.kpi.minimum, then.in_band) == (99.0, True)


def test_nothing_known_is_explained_as_such(cache: Cache) -> None:
    told, lines = reason(cache, ref("support", "sso"))
    assert told["current"] is None and told["movement"] is None and told["parts"] is None
    assert "no value is known yet" in section(lines, "where it comes from")
    assert section(lines, "the arithmetic")[0] == "unknown, because no value is known; unknown is not 0"
    found = explain(ref("fast", "moved"), OKRS, past.status(cache), None, None, None)
    assert explain_json(found)["movement"] is None, "without a cache there is nothing to look back on"


@pytest.mark.parametrize(
    "text", ["2026-Q4/fast/moved", "fast/moved", " 2026-Q4/fast/moved/ ", "2026-Q4/fast", "fast", "uptime"]
)
def test_things_are_found_with_and_without_their_cycle(text: str) -> None:
    assert str(find_ref(text, OKRS, "2026-Q4")).endswith(text.strip(" /"))


@pytest.mark.parametrize(("text", "meant"), [("fast/movd", "2026-Q4/fast/moved"), ("uptme", "2026-Q4/uptime")])
def test_what_is_not_there_is_named_with_what_was_likely_meant(text: str, meant: str) -> None:
    with pytest.raises(Problems, match=f"Did you mean '{meant}'"):
        find_ref(text, OKRS, "2026-Q4")


def test_a_name_without_its_objective_leads_to_all_that_have_it() -> None:
    with pytest.raises(Problems, match=r"Did you mean '2026-Q4/fast/p95'\?"):
        find_ref("P95", OKRS, "2026-Q4")
    elsewhere = replace(past.FAST, ref=ref("slow"), key_results=(replace(past.P95, ref=ref("slow", "p95")),))
    with pytest.raises(Problems, match=r"Did you mean '2026-Q4/fast/p95' or '2026-Q4/slow/p95'\?"):
        find_ref("p95", Okrs((*OKRS.objectives, elsewhere)), "2026-Q4")


def test_what_is_like_nothing_leads_to_the_list() -> None:
    with pytest.raises(Problems, match="okrsync tree --key-results"):
        find_ref("\x1b[2J zzzzzzzzzzzzzzzzzzzzzzzzz", OKRS, "2026-Q4")


def test_the_moment_is_said(cache: Cache) -> None:
    told, lines = reason(cache, ref("fast", "moved"))
    assert told["as_of"] == NOW.isoformat() and "as of 2026-11-22 12:00 UTC" in lines[1]


def test_of_a_count_nobody_says_what_is_done(cache: Cache) -> None:
    from okrsync.domain.evidence import Evidence, Part

    parts = tuple(Part(each, f"P-{each}") for each in "123")
    evidence = Evidence({"from": "count", "query": "type = Bug"}, parts).to_json()
    cache.observations.record([Measured(ref("fast", "p95"), 3.0, NOW, "3 issues of P that match", evidence)])
    _, lines = reason(cache, ref("fast", "p95"))
    assert section(lines, "what counts") == ["items (3): P-1, P-2, P-3"]
    assert section(lines, "the arithmetic")[0] == "current = 3 items"


def test_of_a_sum_each_part_says_what_it_gives_a_one_too(cache: Cache) -> None:
    from okrsync.domain.evidence import Evidence, Part

    parts = tuple(Part(str(each), f"P-{each}", gives=float(each)) for each in (1, 2, 3))
    evidence = Evidence({"from": "sum", "query": "type = Bug", "field": "Points"}, parts).to_json()
    cache.observations.record([Measured(ref("fast", "p95"), 6.0, NOW, "sum of Points", evidence)])
    _, lines = reason(cache, ref("fast", "p95"))
    assert section(lines, "what counts") == ["items (3): P-1 (1), P-2 (2), P-3 (3)"]


def test_items_say_what_they_gave_and_a_long_list_ends(tmp_path: Path) -> None:
    from okrsync.domain.evidence import Evidence, Part
    from okrsync.store.values import Measured

    def evidence(*parts: Part) -> Any:
        return Evidence({"from": "children", "by": "Points"}, parts, 100.0).to_json()

    many = [Part(f"{n:03}", f"P-{n}") for n in range(20)]
    with Cache.open(tmp_path / "okrsync.db", "acme", clock=lambda: NOW) as cache:
        before = evidence(Part("a", "P-100", True, 3.0), Part("b", "P-101", False, 1.0), Part("c", "P-102", True, 2.0))
        after = evidence(Part("a", "P-100", True, 5.0), Part("b", "P-101", True, 1.0), *many)
        cache.observations.record([Measured(past.MOVED.ref, 100 * 5 / 6, day(0), "x", before)])
        cache.observations.record([Measured(past.MOVED.ref, 100 * 6 / 26, day(1), "x", after)])
        told, lines = reason(cache, past.MOVED.ref)
    items = [line for line in section(lines, "the last movement") if ": P-" in line or "more" in line]
    assert items[:2] == ["entered: P-0", "entered: P-1"]
    assert items[12:] == [
        "entered: 8 more, which `--json` names",
        "left: P-102 (2, done)",
        "done: P-101",
        "changed: P-100 (3 → 5)",
    ]
    assert len(told["movement"]["items"]) == 23
    assert section(lines, "what counts")[0] == "done (2): P-100 (5), P-101 (1)"
    assert section(lines, "what counts")[1].endswith("P-11 and 8 more")
    assert section(lines, "the arithmetic")[0] == "current = Points of items done / all Points of items × 100"


@pytest.mark.parametrize("what", [ref("fast", "moved"), ref("fast", "p95"), ref("fast"), ref("uptime")])
def test_the_reference_names_every_key(cache: Cache, what: Ref) -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "explain-json.md").read_text(encoding="utf-8")
    told, _ = reason(cache, what, day(15))
    method = {"from", "of"}
    assert {each for each in _keys(told) if f"`{each}`" not in page} <= method


def _keys(told: Any) -> set[str]:
    if isinstance(told, dict):
        return set(told) | {key for each in told.values() for key in _keys(each)}
    return {key for each in told for key in _keys(each)} if isinstance(told, list) else set()
