"""What must be true between documents: ids used once, alignment to something that exists, and in no loop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from okrsync.documents.reading import Claim, Reading
from okrsync.domain.alignment import loops
from okrsync.domain.audience import is_shown
from okrsync.domain.okr import Objective
from okrsync.domain.ref import Ref
from okrsync.problems import did_you_mean


def check_across(
    readings: Iterable[Reading], audiences: Mapping[str, Collection[str]] | None = None, *, complete: bool = True
) -> None:
    """Report what is wrong between documents, each problem in the report of the document that has to change.

    What has a claimed id twice is dropped from the second reading. `audiences`: name → who belongs to it. `complete` is
    False where a document could not be read: what is aligned to may be in there, so that nothing unknown is reported.
    """
    claims: dict[Ref, Claim] = {}
    for reading in readings:
        for claim in reading.claims:
            first = claims.setdefault(claim.ref, claim)
            if first is not claim:
                _report_twice(first, claim)
                _drop(claim, reading)
    _check_alignment(claims, complete=complete)
    _check_loops(claims)
    _check_roll_ups([each for reading in readings for each in reading.objectives], claims, audiences or {})


def _report_twice(first: Claim, second: Claim) -> None:
    in_one_table = first.place.report is second.place.report and first.place.path[:2] == second.place.path[:2]
    if second.ref.is_key_result and not in_one_table:
        return  # Its objective is there twice, which says it all.
    unique = "in its objective" if second.ref.is_key_result else f"in {second.ref.cycle}"
    name = second.ref.key_result or second.ref.objective
    second.place.wrong("id", f"id {name!r} is at {first.source} already", f"an id that is unique {unique}")


def _drop(claim: Claim, reading: Reading) -> None:
    reading.objectives[:] = [each for each in reading.objectives if each.source != claim.source]
    reading.kpis[:] = [each for each in reading.kpis if each.source != claim.source]


def _check_alignment(claims: dict[Ref, Claim], *, complete: bool) -> None:
    of_kpis = {ref for ref, claim in claims.items() if claim.place.path[0] == "kpis"}
    by_cycle: dict[str, list[str]] = defaultdict(list)
    for ref in claims:
        if ref not in of_kpis:
            by_cycle[ref.cycle].append(ref.local)
    for claim in claims.values():
        for target in claim.aligns_to:
            if target.parent == claim.ref:
                claim.place.wrong("aligns_to", "aligns to itself", "another objective", code="OKR402")
            elif target in of_kpis:
                found = f"aligns to {target.local!r}, which is a KPI"
                claim.place.wrong("aligns_to", found, "an objective", code="OKR402")
            elif complete and target not in claims:
                _report_unknown(claim, target, claims, by_cycle[target.cycle])


def _report_unknown(claim: Claim, target: Ref, claims: dict[Ref, Claim], in_cycle: list[str]) -> None:
    elsewhere = sorted(ref.cycle for ref in claims if ref.local == target.local and ref.cycle != target.cycle)
    do = did_you_mean(target.local, in_cycle)
    if elsewhere:
        do = f"It is in {', '.join(elsewhere)}: alignment stays within a cycle."
    found = f"aligns to {target.local!r}, which is not in {target.cycle}"
    claim.place.wrong("aligns_to", found, do=do, code="OKR403" if elsewhere else "OKR402")


def _check_loops(claims: dict[Ref, Claim]) -> None:
    edges = {ref: [each for each in claim.aligns_to if each in claims] for ref, claim in claims.items()}
    for loop in loops({ref: targets for ref, targets in edges.items() if targets}):
        if len(loop) > 2:
            way = " → ".join(f"{ref.local} ({claims[ref].source})" for ref in loop)
            do = "Remove one of these alignments."
            claims[loop[0]].place.wrong("aligns_to", f"aligns in a loop: {way}", do=do, code="OKR402")


def _check_roll_ups(
    objectives: Iterable[Objective], claims: Mapping[Ref, Claim], audiences: Mapping[str, Collection[str]]
) -> None:
    """What counts in somebody's roll-up may be seen by everybody who sees that: else the number would give it away."""
    every = {each.ref: each for each in objectives}
    for objective in every.values():
        if not objective.contributes:
            continue
        for parent in {target.parent: every.get(target.parent) for target in objective.aligns_to}.values():
            if parent is not None and not is_shown(objective.audience, parent.audience, audiences):
                claims[objective.ref].place.wrong(
                    "contributes",
                    f"contributes to {parent.ref.local!r}, which is for {parent.audience}, and is itself for"
                    f" {objective.audience} only",
                    "contributes = false, or an audience that holds everybody who sees the other",
                    "Its progress would show in a number that more people may see.",
                )
