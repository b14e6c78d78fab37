"""Rules that look further than a page can show: sizes, alignment, the cache, trackers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from okrsync.documents import read_drafts
from okrsync.documents.places import Places
from okrsync.domain.linting import Offer, Remembered, Review, Said, Severity, Thresholds
from okrsync.domain.terms import Terms
from okrsync.practice.lint import registry
from okrsync.practice.lint.running import Selection, lint
from tests.unit.practice.lint.lint_desk import KR, P95, SUCCESS, context, document, found, objective, words

UPPER = document(objective("win-newcomers"))


def said(*checks: tuple[int, float | None, float | None]) -> Remembered:
    """Check-ins about p95: day of November, value, confidence."""
    moments = [Said(datetime(2026, 11, day, 9, tzinfo=UTC), value, confidence) for day, value, confidence in checks]
    return Remembered({KR: tuple(moments), KR.parent.child("success"): (Said(datetime(2026, 11, 14, tzinfo=UTC)),)})


def test_everything_wrong_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """\
level = "team"

[[objectives]]
id = "grow"
title = "Grow by 60 %"
due = 2030-01-01

  [[objectives.key_results]]
  id = "page"
  title = "Launch the page"
  target = 5
"""
    seen = context(tmp_path, text)
    line_of = Places(read_drafts(tmp_path, tmp_path).documents.files).line_of
    findings = lint(seen, registry.rules(words()), Selection(), line_of=line_of).findings
    # Without a cycle, nobody knows what the date lies outside of.
    assert [(each.line, each.code) for each in findings] == [
        (1, "OKR102"),
        (3, "OKR102"),
        (3, "OKR103"),
        (3, "OKR301"),
        (3, "OKR501"),
        (5, "OKR101"),
        (8, "OKR201"),
        (10, "OKR202"),
    ]


def test_a_broken_key_result_hides_neither_its_objective_nor_its_neighbours(tmp_path: Path) -> None:
    broken = P95.replace("baseline = 4.0\n", "").replace("target   = 1.5", "target   = 1.5\n  colour = 3")
    findings = found(
        context(tmp_path, document(objective("grow", key_results=broken + SUCCESS, more="due = 2027-02-01")))
    )
    assert {"OKR001", "OKR201", "OKR206"} <= {each.code for each in findings}
    assert not [each for each in findings if each.code == "OKR301"]


def test_a_document_that_is_no_toml_is_told_as_one_finding(tmp_path: Path) -> None:
    (finding,) = found(context(tmp_path, "cycle = \n"), "OKR001")
    assert (finding.file, finding.line, finding.severity) == ("0.toml", 1, Severity.ERROR)


def test_closed_objectives_are_left_alone(tmp_path: Path) -> None:
    assert not found(context(tmp_path, document(objective(more='stage = "closed"', key_results=P95))), "OKR301")


@pytest.mark.parametrize(("count", "is_found"), [(1, True), (2, False), (5, False), (6, True)])
def test_two_to_five_key_results(count: int, is_found: bool, tmp_path: Path) -> None:
    many = "".join(P95.replace('"p95"', f'"p{number}"') for number in range(count))
    assert bool(found(context(tmp_path, document(objective(key_results=many))), "OKR301")) is is_found


def test_the_figures_of_the_settings_count(tmp_path: Path) -> None:
    one = document(objective(key_results=P95))
    assert not found(context(tmp_path, one, thresholds=Thresholds(key_results_least=1)), "OKR301")
    assert found(context(tmp_path, UPPER, thresholds=Thresholds(company_least=2)), "OKR303")


def test_objectives_of_one_owner_are_counted_over_documents_and_within_a_cycle(tmp_path: Path) -> None:
    three = [objective(f"a{number}") for number in range(3)]
    other = [objective(f"b{number}") for number in range(3)]
    (finding,) = found(context(tmp_path, document(*three), document(*other, level="team")), "OKR302")
    assert "dana holds 6 objectives" in finding.message
    assert finding.file == "1.toml" and str(finding.ref) == "2026-Q4/b2"
    assert not found(context(tmp_path, document(*three), document(*other[:2], level="team")), "OKR302")
    elsewhere = document(*other).replace("2026-Q4", "2027-Q1")
    assert not found(context(tmp_path, document(*three), elsewhere), "OKR302")


@pytest.mark.parametrize(("company", "is_found"), [(0, True), (1, False), (3, False), (4, True)])
def test_one_to_three_company_objectives(company: int, is_found: bool, tmp_path: Path) -> None:
    upper = [document(*(objective(f"c{number}") for number in range(company)))] if company else []
    assert bool(found(context(tmp_path, *upper, document(objective(), level="team")), "OKR303")) is is_found


def test_what_is_closed_was_there_all_the_same(tmp_path: Path) -> None:
    closed = document(objective("win-newcomers", 'stage = "closed"'))
    team = document(objective(more='aligns_to = ["win-newcomers"]'), level="team")
    seen = context(tmp_path, closed, team)
    assert not found(seen, "OKR303") and not found(seen, "OKR404")


def test_the_bottom_up_share_is_counted_below_company_level(tmp_path: Path) -> None:
    bottom, top = 'origin = "bottom-up"', 'origin = "top-down"'
    half = document(objective("a", bottom), objective("b", top), level="team")
    assert not found(context(tmp_path, UPPER, half), "OKR304")
    third = document(objective("a", bottom), objective("b", top), objective("c", top), level="team")
    (finding,) = found(context(tmp_path, UPPER, third), "OKR304")
    assert "1 of 3 objectives below company level in 2026-Q4 comes from the bottom up (33%)" in finding.message


@pytest.mark.parametrize(("lines", "severity"), [(2, None), (15, Severity.INFO), (40, Severity.WARNING)])
def test_a_page_is_ideal_and_two_are_the_most(lines: int, severity: Severity | None, tmp_path: Path) -> None:
    why = "\\n".join(["They leave."] * lines)
    # Each objective takes 2 + 1 + lines + 2 × 2 lines: 27, 66 and 141 for three of them.
    three = [objective(f"a{number}").replace('"They leave."', f'"{why}"') for number in range(3)]
    findings = found(context(tmp_path, document(*three)), "OKR305")
    assert [each.severity for each in findings] == ([severity] if severity else [])


def test_only_what_is_below_company_level_has_to_align(tmp_path: Path) -> None:
    assert not found(context(tmp_path, UPPER), "OKR401")
    assert found(context(tmp_path, document(objective(), level="individual")), "OKR401")


@pytest.mark.parametrize(
    ("aligns_to", "code"),
    [
        ("win-newcomers", ""),
        ("win-newcomers/p95", ""),
        ("instant-signup", "OKR402"),
        ("nothing", "OKR402"),
        ("2026-Q4/win-newcomers", "OKR402"),
        ("2026-Q3/win-newcomers", "OKR403"),
        ("peer", "OKR403"),
    ],
)
def test_alignment_leads_upwards_within_the_cycle(aligns_to: str, code: str, tmp_path: Path) -> None:
    team = document(objective(more=f'aligns_to = ["{aligns_to}"]'), objective("peer"), level="team")
    seen = context(tmp_path, UPPER, team)
    assert [each.code for each in (*found(seen, "OKR402"), *found(seen, "OKR403"))] == ([code] if code else [])
    unaligned = {str(each.ref) for each in found(seen, "OKR401")}
    assert unaligned == {"2026-Q4/peer"}


def test_what_is_in_another_cycle_only_is_told_as_such(tmp_path: Path) -> None:
    before = UPPER.replace("2026-Q4", "2026-Q3")
    team = document(objective(more='aligns_to = ["win-newcomers"]'), level="team")
    (finding,) = found(context(tmp_path, before, team), "OKR403")
    assert "It is in 2026-Q3" in finding.remedy


def test_a_loop_is_told_once(tmp_path: Path) -> None:
    a, b = objective("a", 'aligns_to = ["b"]'), objective("b", 'aligns_to = ["a"]')
    assert len(found(context(tmp_path, document(a, b, level="team")), "OKR402")) == 1


def test_the_cycle_in_an_alignment_can_be_left_out_by_a_fix(tmp_path: Path) -> None:
    names = '["win-newcomers/p95", "2026-Q4/win-newcomers"]'
    (finding,) = found(
        context(tmp_path, UPPER, document(objective(more=f"aligns_to = {names}"), level="team")), "OKR402"
    )
    assert finding.fix is not None
    assert (finding.fix.key, finding.fix.value) == ("aligns_to", ("win-newcomers/p95", "win-newcomers"))


@pytest.mark.parametrize("other", ["nothing", "Not a Name", "2026-Q3/win-newcomers"])
def test_there_is_no_fix_where_more_is_wrong_with_an_alignment(other: str, tmp_path: Path) -> None:
    more = f'aligns_to = ["2026-Q4/win-newcomers", "{other}"]'
    findings = found(context(tmp_path, UPPER, document(objective(more=more), level="team")), "OKR402")
    assert findings and all(each.fix is None for each in findings)


def test_a_company_key_result_is_supported_directly_or_with_its_objective(tmp_path: Path) -> None:
    def unsupported(aligns_to: str) -> list[str]:
        team = document(objective(more=f"aligns_to = {aligns_to}"), level="team")
        return [str(each.ref) for each in found(context(tmp_path, UPPER, team), "OKR404")]

    assert unsupported('["win-newcomers/p95"]') == ["2026-Q4/win-newcomers/success"]
    assert unsupported('["win-newcomers"]') == []
    assert unsupported("[]") == ["2026-Q4/win-newcomers/p95", "2026-Q4/win-newcomers/success"]


def test_a_company_alone_supports_itself(tmp_path: Path) -> None:
    assert not found(context(tmp_path, UPPER), "OKR404")


@pytest.mark.parametrize(
    ("more", "review", "is_found"),
    [
        ("", Review(), False),
        ("", Review(required=True), True),
        ('stage = "proposed"', Review(required=True), False),
        ('reviewed_by = ["frank"]', Review(required=True, reviewers=("erin", "frank")), False),
        ('reviewed_by = ["dana"]', Review(required=True, reviewers=("erin", "frank")), True),
        ('reviewed_by = ["robin"]', Review(required=True), False),
    ],
)
def test_review_where_it_is_required(more: str, review: Review, is_found: bool, tmp_path: Path) -> None:
    assert bool(found(context(tmp_path, document(objective(more=more)), review=review), "OKR501")) is is_found


def terms(*targets: float) -> Remembered:
    """What the cache saw p95 ask for, one target a week."""
    start = datetime(2026, 10, 1, tzinfo=UTC)
    history = [(start + timedelta(weeks=week), Terms(baseline=4.0, target=each)) for week, each in enumerate(targets)]
    return Remembered(terms={KR: tuple(history)})


@pytest.mark.parametrize(
    ("targets", "is_found"),
    [((), False), ((1.5,), False), ((1.0,), True), ((1.0, 1.5), True), ((1.5, 1.0, 1.5), False)],
)
def test_a_target_that_the_cache_knows_otherwise(targets: tuple[float, ...], is_found: bool, tmp_path: Path) -> None:
    assert bool(found(context(tmp_path, document(objective()), remembered=terms(*targets)), "OKR502")) is is_found


def test_a_changed_target_with_its_reason_is_well(tmp_path: Path) -> None:
    changes = 'target   = 1.5\n  target_changes = [{ on = 2026-11-01, from = 1.0, to = 1.5, reason = "vendor" }]'
    text = document(objective(key_results=P95.replace("target   = 1.5", changes) + SUCCESS))
    assert not found(context(tmp_path, text, remembered=terms(1.0, 1.5)), "OKR502")
    (finding,) = found(context(tmp_path, text.replace(', reason = "vendor"', "")), "OKR502")
    assert "has no reason" in finding.message


@pytest.mark.parametrize(
    ("today", "day", "is_found"),
    [
        (date(2026, 11, 15), 8, False),
        (date(2026, 11, 15), 7, True),
        (date(2026, 10, 8), None, False),
        (date(2026, 10, 9), None, True),
        (date(2027, 1, 20), None, False),
    ],
)
def test_a_check_in_every_period_of_the_cycle(today: date, day: int | None, is_found: bool, tmp_path: Path) -> None:
    known = said((day, 3.0, 0.5)) if day else Remembered()
    seen = context(tmp_path, document(objective(key_results=P95)), today=today, remembered=known)
    assert bool(found(seen, "OKR601")) is is_found


def test_reading_a_measured_value_counts_as_a_check_in(tmp_path: Path) -> None:
    measured = P95 + '  measure = { from = "field" }\n'
    text, moment = document(objective(key_results=measured)), datetime(2026, 11, 14, tzinfo=UTC)
    assert not found(context(tmp_path, text, remembered=Remembered(seen={KR: moment})), "OKR601")
    by_hand = document(objective(key_results=P95))
    assert found(context(tmp_path, by_hand, remembered=Remembered(seen={KR: moment})), "OKR601")


def test_without_a_cache_nothing_is_said_of_check_ins(tmp_path: Path) -> None:
    seen = context(tmp_path, document(objective()), remembered=None)
    assert not found(seen, "OKR6")


@pytest.mark.parametrize(
    ("checks", "is_found"),
    [
        ([(1, 3.1, 0.8), (8, 3.1, 0.8), (15, 3.1, 0.7)], True),
        ([(1, 3.1, 0.8), (8, None, 0.8), (15, None, 0.7)], True),
        ([(1, 3.1, 0.8), (8, 3.1, 0.8), (15, 3.1, 0.69)], False),
        ([(1, 3.1, 0.8), (8, 3.1, 0.8), (15, 3.0, 0.8)], False),
        ([(8, 3.1, 0.8), (15, 3.1, 0.8)], False),
        ([(1, 3.5, 0.2), (2, 3.1, 0.8), (8, 3.1, 0.8), (15, 3.1, 0.8)], True),
        ([(1, 1.5, 0.9), (8, 1.5, 0.9), (15, 1.5, 0.9)], False),
        ([(1, None, 0.9), (8, None, 0.9), (15, None, 0.9)], False),
    ],
)
def test_high_confidence_that_nothing_moves_for(
    checks: list[tuple[int, float | None, float | None]], is_found: bool, tmp_path: Path
) -> None:
    assert bool(found(context(tmp_path, document(objective()), remembered=said(*checks)), "OKR602")) is is_found


@pytest.mark.parametrize(
    ("read", "is_found"),
    [([(1, 3.1)], True), ([(1, 3.1), (10, 3.0)], False), ([(1, 3.5), (2, 3.1)], True), ([], False)],
)
def test_a_measured_value_that_does_not_move(read: list[tuple[int, float]], is_found: bool, tmp_path: Path) -> None:
    known = said((2, None, 0.8), (9, None, 0.8), (15, None, 0.8))
    values = tuple((datetime(2026, 11, day, tzinfo=UTC), value) for day, value in read)
    seen = context(tmp_path, document(objective()), remembered=replace(known, values={KR: values}))
    assert bool(found(seen, "OKR602")) is is_found


@pytest.mark.parametrize(
    ("title", "measure", "offer", "is_found"),
    [
        ("Severe bugs a month from 20 to 10", "manual", Offer(queries=True), True),
        ("Severe bugs a month from 20 to 10", "manual", Offer(), False),
        ("Net promoter score from 20 to 10", "manual", Offer(queries=True), False),
        ("Net promoter score from 20 to 10", "manual", Offer(field="KR current"), True),
        ("Net promoter score from 20 to 10", "field", Offer(field="KR current"), False),
        ("Net promoter score from 20 to 10", "manual", None, False),
    ],
)
def test_manual_values_that_the_tracker_could_tell(
    title: str, measure: str, offer: Offer | None, is_found: bool, tmp_path: Path
) -> None:
    told = P95.replace("Cut p95 sign-up time from 4.0 s to 1.5 s", title) + f'  measure = {{ from = "{measure}" }}\n'
    offers = {KR: offer} if offer else {}
    assert bool(found(context(tmp_path, document(objective(key_results=told)), offers=offers), "OKR205")) is is_found


def test_whether_something_happened_only_people_can_tell(tmp_path: Path) -> None:
    done = '[[objectives.key_results]]\nid = "p95"\ntitle = "The bug report is signed"\nkind = "done"\n'
    seen = context(tmp_path, document(objective(key_results=done)), offers={KR: Offer("KR current", queries=True)})
    assert not found(seen, "OKR205")


@pytest.mark.parametrize(
    ("title", "fields", "is_found"),
    [
        ("Close 120 tickets", 'baseline = 0\ntarget = 120\nunit = "tickets"', True),
        ("Complete 80 story points", "baseline = 0\ntarget = 80", True),
        ("Support tickets a week from 400 to 200", 'baseline = 400\ntarget = 200\nunit = "tickets"', False),
        ("Resolve 95 % of tickets within a day", 'baseline = 70\ntarget = 95\nunit = "%"', False),
        ("Work of the epic done", 'baseline = 0\ntarget = 100\nunit = "%"\nmeasure = { from = "children" }', True),
        ("Signups a day", 'baseline = 0\ntarget = 100\nmeasure = { from = "count", query = "x" }', False),
    ],
)
def test_output_and_outcome(title: str, fields: str, is_found: bool, tmp_path: Path) -> None:
    told = f'[[objectives.key_results]]\nid = "p95"\ntitle = "{title}"\n{fields}\n'
    assert bool(found(context(tmp_path, document(objective(key_results=told))), "OKR204")) is is_found


@pytest.mark.parametrize(
    ("title", "is_found"), [("Reduce churn", True), ("Churn a month", False), ("Keep churn low", False)]
)
def test_a_kpi_that_wants_a_change(title: str, is_found: bool, tmp_path: Path) -> None:
    kpi = f'\n[[kpis]]\nid = "churn"\ntitle = "{title}"\nmax = 5\n'
    assert bool(found(context(tmp_path, UPPER + kpi), "OKR701")) is is_found


@pytest.mark.parametrize(
    ("scores", "today", "is_found"),
    [
        ((0.9, 0.81), date(2027, 1, 10), True),
        ((0.9, 0.8), date(2027, 1, 10), False),
        ((0.9, None), date(2027, 1, 10), False),
        ((0.9, 0.9), date(2026, 12, 31), False),
    ],
)
def test_a_cycle_where_everything_was_excellent(
    scores: tuple[float | None, ...], today: date, is_found: bool, tmp_path: Path
) -> None:
    results = [
        text + (f"  score = {{ computed = {score} }}\n" if score else "")
        for text, score in zip((P95, SUCCESS), scores, strict=True)
    ]
    text = document(objective(more='stage = "closed"', key_results="".join(results)))
    assert bool(found(context(tmp_path, text, today=today), "OKR603")) is is_found


@pytest.mark.parametrize(
    ("title", "remedy"),
    [
        ("Cut p95 sign-up time from 4.0 s to 1.5 s", "That was right until the target was changed on 2026-11-15"),
        ("Cut p95 sign-up time from 4.0 s to 1.2 s", "Change whichever of them is wrong."),
    ],
)
def test_a_title_from_before_a_change_of_target_is_what_is_to_be_mended(
    tmp_path: Path, title: str, remedy: str
) -> None:
    changed = 'target_changes = [{ on = 2026-11-15, from = 1.5, to = 2.0, reason = "The vendor is late" }]'
    p95 = P95.replace("Cut p95 sign-up time from 4.0 s to 1.5 s", title)
    p95 = p95.replace("target   = 1.5", f"target   = 2.0\n  {changed}")
    [finding] = found(context(tmp_path, document(objective(key_results=p95 + SUCCESS))), "OKR203")
    assert finding.remedy.startswith(remedy)
