"""What the values of a document answer."""

from __future__ import annotations

from datetime import date

from okrsync.domain.okr import Kpi, Level, Measure, Objective, Okrs, Source
from okrsync.domain.ref import Ref


def test_a_measure_reads_its_options_as_they_were_written() -> None:
    plain, full = (
        Measure(),
        Measure("children", {"of": "objective", "pull_requests": True, "by": "Points", "item": "PLAT-7", "field": "F"}),
    )

    assert (plain.item, plain.field, plain.of_objective, plain.counts_pull_requests, plain.by) == (
        None,
        None,
        False,
        False,
        "count",
    )
    assert (full.item, full.field, full.of_objective, full.counts_pull_requests, full.by) == (
        "PLAT-7",
        "F",
        True,
        True,
        "Points",
    )


def test_one_cycle_is_taken_out_of_several_in_order() -> None:
    def objective(cycle: str, name: str) -> Objective:
        return Objective(Ref(cycle, name), name, Level.TEAM, date(2026, 12, 31))

    kpi = Kpi(Ref("2026-Q4", "uptime"), "API availability", minimum=99.9)
    okrs = Okrs((objective("2026-Q4", "b"), objective("2026-Q3", "c"), objective("2026-Q4", "a")), (kpi,))

    here = okrs.in_cycle("2026-Q4")

    assert [each.ref.objective for each in here.objectives] == ["b", "a"]
    assert here.kpis == (kpi,)
    assert okrs.in_cycle("2026-Q3").kpis == ()
    assert list(here.by_ref) == [Ref("2026-Q4", "b"), Ref("2026-Q4", "a")]


def test_a_place_in_a_document_reads_as_editors_know_it() -> None:
    assert str(Source("okrs/platform.toml", 12)) == "okrs/platform.toml:12"
