"""The tables and figures of the documentation that repeat what the code says."""

from __future__ import annotations

import re
import sqlite3
import tomllib
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.requests import SETTINGS
from okrsync import documents
from okrsync.cli.outcomes import sync_json
from okrsync.domain.cycle import parse_cycle
from okrsync.domain.ref import Ref
from okrsync.domain.status import Facts, Link, Observed, Status, assess
from okrsync.engine.measuring import SOURCES
from okrsync.engine.outcome import Cause, ExitCode, Failure, Outcome
from okrsync.plan.values import Action, Change, Plan
from okrsync.reports.as_json import status_json
from okrsync.store.cache import Cache
from okrsync.trackers.plugins import load_plugins
from tests.system.pages import DOCS, ROOT, blocks, column, section, table, tables

NUMBERS = DOCS / "explanation" / "numbers.md"
NOON = datetime(2026, 11, 15, 12, tzinfo=UTC)
REF = Ref("2026-Q4", "instant-signup")


def assessed(text: str, values: Mapping[Ref, float], folder: Path) -> Status:
    """How a document of the documentation stands at noon on 15 November, with these values."""
    (folder / "example.toml").write_text(text, encoding="utf-8")
    okrs = documents.load(folder, folder).okrs
    seen = {ref: Observed(value, NOON, "said") for ref, value in values.items()}
    links = {REF: Link("work", "PLAT-1", "https://acme.atlassian.net/browse/PLAT-1")}
    return assess(okrs, "acme", parse_cycle("2026-Q4"), NOON, Facts(seen, links))


def test_dependencies_have_their_reasons() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = {"To run": declared["project"]["dependencies"], "To develop": declared["dependency-groups"]["dev"]}
    for heading, wanted in lists.items():
        rows = table("dependencies.md", heading)
        assert [name for name, _ in rows] == [re.split(r"[<>=~!\[; ]", each)[0] for each in wanted]
        assert all(reason for _, reason in rows)


def test_the_feature_matrix_is_what_the_plugins_can_do() -> None:
    kinds = load_plugins().trackers
    heading, *rows = next(tables(section("reference/trackers.md", "Features")))
    said = {feature: dict(zip(heading[1:], cells, strict=True)) for feature, *cells in rows}
    for flavour, kind in said.pop("type").items():
        can = kinds[kind].capabilities
        yes_or_no = {
            "due dates of key results": can.due_on_key_results,
            "links of its own for alignment": can.native_links,
            "children may be pull requests": can.pull_requests,
            "answers queries": can.queries,
            "tells who changed a field, and when": can.field_history,
            "fields are written with the item": can.fields_with_item,
            "[webhooks](../how-to/webhooks.md)": kinds[kind].webhooks is not None,
        }
        assert {feature: cells[flavour] for feature, cells in said.items()} == {
            "objectives.as": ", ".join(sorted(can.objective_forms)),
            "key_results.as": ", ".join(sorted(can.key_result_forms)),
            "comments on": {1: "key results", 2: "objectives, key results"}[len(can.comments_on)],
            "descriptions in": str(can.markup),
            "further keys in the settings": ", ".join(kinds[kind].options),
            **{feature: "yes" if able else "no" for feature, able in yes_or_no.items()},
        }


def test_the_keys_of_status_json_are_all_described(tmp_path: Path) -> None:
    page = "reference/status-json.md"
    (text,) = [block.text for block in blocks(DOCS / "reference" / "documents.md", "toml")]
    status = status_json(assessed(text, {REF.child("p95"): 3.3}, tmp_path))
    (objective,), (kpi,) = status["objectives"], status["kpis"]
    assert [row[0] for row in next(tables((DOCS / page).read_text(encoding="utf-8")))[1:]] == list(status)
    assert column(page, "An objective") == list(objective)
    assert column(page, "A key result") == list(objective["key_results"][0])
    assert column(page, "A KPI") == list(kpi)
    link = next(row[2] for row in table(page, "An objective") if row[0] == "link")
    assert all(key in link for key in objective["link"])


def test_the_keys_of_plan_json_and_sync_json_are_all_described() -> None:
    page = DOCS / "reference" / "plan-json.md"
    of_plan, of_change, of_actions, of_sync, of_causes = [
        [row[0] for row in rows[1:]] for rows in tables(page.read_text(encoding="utf-8"))
    ]
    change = Change(Action.UPDATE, REF, "work", "PLAT", "PLAT-1", "title", "a", "b", "c")
    assert of_plan == [*Plan().to_json(), "effort"]
    assert of_change == list(change.to_json())
    assert of_actions == list(Action)
    outcome = Outcome(failures=(Failure(Cause.REFUSED, "no"),))
    assert of_sync == list(sync_json(outcome))
    assert of_causes == list(Cause)


def test_exit_codes_are_all_described() -> None:
    rows = table("reference/exit-codes.md", "Exit codes")
    assert [int(row[0]) for row in rows] == list(ExitCode)
    assert column("how-to/run-from-cron.md", "Exit codes") == [row[0] for row in rows]


def test_the_views_of_the_cache_are_all_described(tmp_path: Path) -> None:
    path = tmp_path / "okrsync.db"
    Cache.open(path, "acme").close()
    with closing(sqlite3.connect(path)) as cache:
        views = [name for (name,) in cache.execute("select name from sqlite_master where type = 'view'")]
        for view in views:
            columns = [each[1] for each in cache.execute(f"pragma table_info({view})")]
            assert column("reference/cache.md", f"`{view}`") == columns


def test_the_measures_of_this_version_are_those_that_are_described() -> None:
    text = section("reference/documents.md", "`measure`")
    said = re.search(r"This version measures (.*?)\.", text)
    assert said
    assert re.findall(r"`(\w+)`", said[1]) == list(SOURCES)
    for source in SOURCES:
        assert section("reference/documents.md", f"`{source}`").strip()


def test_the_least_of_the_measured_jobs_is_that_of_the_benchmark() -> None:
    rows = next(tables((DOCS / "explanation" / "measured.md").read_text(encoding="utf-8")))
    said = [(row[0], int(row[1]), row[2], int(row[4])) for row in rows[1:]]
    assert said == [
        (each.ground.name, 100 * each.key_results, job, least) for each in SETTINGS for job, least in each.least.items()
    ]
    assert all(int(row[3]) >= int(row[4]) for row in rows[1:])


def test_the_example_worked_out_by_hand_is_right(tmp_path: Path) -> None:
    (block,) = blocks(NUMBERS, "toml")
    by_hand = section("explanation/numbers.md", "An example by hand")
    words = " ".join(by_hand.split())
    rows = {row[0]: row[1:] for row in next(tables(by_hand))[1:]}
    said = {name: float(row[1]) for name, row in rows.items() if row[1] != "unknown"}
    values = {REF.child(name): value for name, value in said.items()}
    (objective,) = assessed(block.text, values, tmp_path).objectives
    assert len(said) == 2
    for each in objective.key_results:
        weight, _, raw, progress, pace, health = rows[each.key_result.ref.key_result]
        assert float(weight) == each.key_result.weight
        assert health == each.health
        if each.progress is None:
            assert (raw, progress, pace) == ("unknown", "unknown", "")
        else:
            assert float(raw.split()[-1]) == pytest.approx(each.raw_progress)
            assert float(progress) == pytest.approx(each.progress)
            assert pace == f"{each.progress / each.expected:.4f}"
    assert f"expected** is 45 / 91 = {objective.expected:.4f}" in words
    assert f"coverage** is 3 / 4 = {objective.coverage:.2f}" in words
    assert objective.progress is not None
    assert f"(2 × 0.28 + 1 × 1) / 3 = {objective.progress:.2f}" in words
    assert (
        f"0.52 / 0.4945 = {objective.progress / objective.expected:.4f}, so its **health** is {objective.health}"
        in words
    )


def test_the_phases_worked_out_by_hand_are_right(tmp_path: Path) -> None:
    (block,) = blocks(NUMBERS, "toml")
    words: Any = " ".join(section("explanation/numbers.md", "An example by hand").split())
    phases = re.search(r"`(phases = .*?)`", words)
    assert phases
    planned = block.text.replace("weight   = 2.0\n", f"weight   = 2.0\n  {phases[1]}\n")
    p95 = assessed(planned, {REF.child("p95"): 3.3}, tmp_path).objectives[0].key_results[0]
    assert p95.progress is not None
    assert f"0.2 × 45 / 60 = {p95.expected:.2f} is expected" in words
    assert f"0.28 / 0.15 = {p95.progress / p95.expected:.4f} is {p95.health}" in words
