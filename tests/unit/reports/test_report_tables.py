"""Tables of short facts, and the values that moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from okrsync.domain.status import Facts, Observed
from okrsync.reports.moves import moves, moves_table
from okrsync.reports.tables import Table, table_text
from tests.unit.reports.sample import FACTS, NOW, ref, status


def test_columns_are_aligned_and_nothing_is_cut() -> None:
    long = "x" * 200
    table = Table(("name", "what it is"), [("a", long), ("longer\x1b[2J", "b")], title="Things")
    assert list(table_text(table)) == ["Things", "name       what it is", f"a          {long}", "longer[2J  b"]


def test_a_move_is_a_value_that_is_another_number() -> None:
    p95 = ref("instant-signup", "p95")
    later = dict(FACTS.observed)
    later[p95] = Observed(2.0, NOW, "field KR current of PLAT-2")
    later[ref("instant-signup", "errors")] = Observed(0.4 + 1e-12, NOW, "field KR current of PLAT-3")
    later[ref("churn")] = Observed(1.0, NOW, "check-in")
    found = moves(status(), status(facts=replace(FACTS, observed=later)))
    assert [(each.ref, each.after) for each in found] == [(p95, 2.0), (ref("churn"), 1.0)]
    assert found[0].progress_before != found[0].progress_after
    assert found[0].to_json()["health"] == "on-track" and found[1].to_json()["health"] is None
    assert list(table_text(moves_table(found)))[1:] == [
        "2026-Q4/instant-signup/p95  3.3333 s  2 s  80 %      on-track  field KR current of PLAT-2",
        "2026-Q4/churn               unknown   1 %                      check-in",
    ]


def test_a_value_confirmed_or_lost_in_between_moves_only_when_it_differs() -> None:
    again = {name: replace(each, seen_at=NOW + timedelta(days=1)) for name, each in FACTS.observed.items()}
    assert moves(status(), status(facts=replace(FACTS, observed=again))) == ()
    assert len(moves(status(), status(facts=Facts()))) == len(FACTS.observed)
