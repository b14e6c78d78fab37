"""Titles as people write them: numbers that count, activities, and numbers that agree with the fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.okr import Kind
from okrsync.practice.lint.activities import activity
from okrsync.practice.lint.agreement import disagreement
from okrsync.practice.lint.quantities import measures, quantities
from tests.unit.practice.lint.lint_desk import key_result, words


@pytest.mark.parametrize(
    ("title", "values"),
    [
        ("Cut p95 sign-up time from 4.0 s to 1.5 s", [4.0, 1.5]),
        ("1,000,000 daily visits and conversion ≥ 5 %", [1_000_000, 5]),
        ("1 000 000 visits", [1_000_000]),
        ("Raise $5M from $1.2bn", [5e6, 1.2e9]),
        ("10k users, 120k WAU", [10_000, 120_000]),
        ("20-30 % of visits", [20, 30]),
        ("500+ signups", [500]),
        ("4,2 of them", [4.2]),
        ("2000 customers", [2000]),
        ("Two offices, a dozen desks", [2, 12]),
        ("Double revenue", [2]),
        ("NPS 40 → 60", [40, 60]),
        ("By March 31 and 1 July, since 2026-10-01", []),
        ("Q4 2026, H1 2027, FY 2027-28, in 1999", []),
        ("ISO 27001, Kubernetes 1.30, iOS 17, Python 3.12.1, v2, GPT-4, 5G", []),
        ("Phase 2 of the 3rd wave", []),
        ("Weekly 1:1s", []),
        ("1.250.000 € in donations", [1_250_000]),
        ("24/7, number one, Fortune 500", []),
    ],
)
def test_numbers_that_count_something(title: str, values: list[float]) -> None:
    assert [each.value for each in quantities(title, words())] == values


@given(st.text(max_size=120))
def test_any_text_can_be_looked_at(title: str) -> None:
    for each in quantities(title, words()):
        assert 0 <= each.start < each.end <= len(title)
    kr = key_result(title, baseline=1.0, target=2.0, unit="%")
    activity(kr, words())
    disagreement(kr, words())


@given(st.floats(0.01, 1e6).map(lambda x: round(x, 2)), st.floats(0.01, 1e6).map(lambda x: round(x, 2)))
def test_what_is_written_as_the_fields_have_it_agrees(baseline: float, target: float) -> None:
    for title in (f"Load time from {baseline} s to {target} s", f"Load time {baseline:,} → {target:,} s"):
        assert disagreement(key_result(title, baseline=baseline, target=target, unit="s"), words()) is None
        other = key_result(title, baseline=baseline, target=target * 1.5, unit="s")
        assert disagreement(other, words()) is not None


@pytest.mark.parametrize(
    ("title", "carries"),
    [
        ("Launch a stunning, disruptive new version of the product that delights users", False),
        ("Successfully enter the East China market and establish initial brand influence", False),
        ("Significantly improve our App's user retention rate and make users love our product", False),
        ("Build top-tier talent attraction in the industry", False),
        ("In Q2, increase new customers by 60 %", True),
        ("Become number one in Web 2.0 by 2027", False),
        ("Move everything to Kubernetes 1.30", False),
        ("Be there for customers 24/7", False),
        ("Be among the top 3 in our market", False),
        ("Double down on what works", False),
        ("Double the monthly revenue", True),
        ("Win 10 lighthouse customers", True),
        ("Serve people in three new countries", True),
        ("Answer in under 2 hours", True),
        ("Earn our first €1M", True),
        ("Zero downtime for our customers", True),
        ("A zero-trust culture on the way to net zero", False),
        ("Cut the cost of a release in half", True),
        ("Make 2027 our best year", False),
    ],
)
def test_objectives_that_carry_a_number(title: str, carries: bool) -> None:
    assert bool(measures(title, words())) is carries


@pytest.mark.parametrize(
    ("title", "is_activity"),
    [
        # The worked examples of the practice.
        ("NPS 40 → 60", False),
        ("Daily active users of core features +30 %", False),
        ("App-store rating 4.2 → 4.8", False),
        ("10 seed customers in Shanghai and Hangzhou", False),
        ("Reporting partnerships with 3 regional outlets", False),
        ("A launch event with over 200 attendees", False),
        ("Second-week retention 20 % → 35 %", False),
        ("Complete the top three requested features", True),
        ("Severe bugs reported −50 %", False),
        ("Recruitment cycle 45 → 30 days", False),
        ("Employer rating 3.8 → 4.5", False),
        ("Referral hires 40 % of hires", False),
        ("30 advertising channels", False),
        ("1,000,000 daily visits and conversion ≥ 5 %", False),
        ("Ad-channel API integration with 99.99 % data transmission success", False),
        # And others.
        ("Launch the new website", True),
        ("Launch the new website so that conversion rises from 2 % to 3 %", False),
        ("Publish 12 blog posts", True),
        ("12 blog posts", True),
        ("12 blog posts read by 5,000 people", False),
        ("Hold a workshop within 2 weeks", True),
        ("By Q3, write a plan to raise revenue by 30 %", True),
        ("KR 2: Implement single sign-on", True),
        ("New onboarding launched by June", True),
        ("The guide is available to everybody", True),
        ("Migrate 100 % of services", True),
        ("Completion of the audit", True),
        ("Build time from 10 to 5 minutes", False),
        ("Test coverage of 80 %", False),
        ("Release every change within 30 minutes", False),
        ("Win 3 customers", False),
        ("Installs from 100 to 500", False),
        ("Installs a day: 500", False),
        ("500 weekly visits, shares and posts by others", False),
        ("Visits by 500 people", False),
        ("Test failures under 10", False),
        ("Write 5 to 10 posts", True),
        ("Test the new page", True),
        ("Training completion rate of 90 %", False),
    ],
)
def test_activities_and_results(title: str, is_activity: bool) -> None:
    assert (activity(key_result(title), words()) is not None) is is_activity


@pytest.mark.parametrize(
    ("unit", "is_activity"),
    [("signups", False), ("pages", True), ("%", True), ("", True), ("ms", False), ("days", True), ("tickets", True)],
)
def test_fields_may_measure_what_the_title_does_not_name(unit: str, is_activity: bool) -> None:
    kr = key_result("Launch the new pages", baseline=0.0, target=500.0, unit=unit)
    assert (activity(kr, words()) is not None) is is_activity


@pytest.mark.parametrize(
    ("title", "fields"),
    [
        ("NPS 40 → 60", {"baseline": 40.0, "target": 60.0}),
        ("Retention 20 % → 35 %", {"baseline": 0.2, "target": 0.35}),
        ("Cut p95 from 4.0 s to 1.5 s", {"baseline": 4000.0, "target": 1500.0, "unit": "ms"}),
        ("Cut p95 below 1500 ms", {"baseline": 4.0, "target": 1.5, "unit": "s"}),
        ("Daily users +30 %", {"baseline": 1000.0, "target": 1300.0}),
        ("Daily users +30 %", {"baseline": 0.0, "target": 30.0, "unit": "%"}),
        ("Severe bugs reported −50 %", {"baseline": 0.0, "target": -50.0, "unit": "%"}),
        ("Severe bugs reported −50 %", {"baseline": 40.0, "target": 20.0, "unit": "bugs"}),
        ("Raise $5M", {"baseline": 0.0, "target": 5.0, "unit": "M$"}),
        ("ARR from $2.2M to $3.0M", {"baseline": 2_200_000.0, "target": 3_000_000.0, "unit": "USD"}),
        ("10 seed customers", {"baseline": 0.0, "target": 10.0, "unit": "customers"}),
        ("10 more customers", {"baseline": 31.0, "target": 41.0, "unit": "customers"}),
        ("90 % answered within 24 hours", {"baseline": 60.0, "target": 90.0, "unit": "%"}),
        ("Coverage to 75 % from 45 %", {"baseline": 45.0, "target": 75.0, "unit": "%"}),
        ("Double signups", {"baseline": 100.0, "target": 200.0}),
        ("Win 5 to 10 customers", {"baseline": 0.0, "target": 8.0}),
        ("Launch in 3 countries", {"baseline": 0.0, "target": 100.0, "unit": "%"}),
        ("Conversion ≥ 5 %", {"kind": Kind.MAINTAIN, "min": 5.0, "unit": "%"}),
        ("Ship version 2", {"kind": Kind.DONE, "baseline": 0.0, "target": 1.0}),
        ("Signups of 500", {"target": 500.0}),
        ("Raise €20.000 in donations", {"baseline": 0.0, "target": 20_000.0, "unit": "€"}),
    ],
)
def test_titles_that_agree_with_their_fields(title: str, fields: dict[str, Any]) -> None:
    assert disagreement(key_result(title, **fields), words()) is None


@pytest.mark.parametrize(
    ("title", "fields", "said", "have"),
    [
        ("NPS from 40 to 60", {"baseline": 40.0, "target": 65.0}, "40 to 60", "40 to 65"),
        ("NPS from 40 to 60", {"baseline": 60.0, "target": 40.0}, "40 to 60", "60 to 40"),
        ("p95 from 4 s to 1.5 s", {"baseline": 4.0, "target": 1.5, "unit": "ms"}, "s", "ms"),
        ("Daily users +30 %", {"baseline": 1000.0, "target": 1400.0}, "+30 %", "1000 to 1400"),
        ("Daily users +30 %", {"baseline": 1000.0, "target": 700.0}, "+30 %", "1000 to 700"),
        ("Cut churn below 5 %", {"baseline": 8.0, "target": 4.0, "unit": "%"}, "5 %", "8 % to 4 %"),
        ("Raise $5M", {"baseline": 0.0, "target": 4.0, "unit": "M$"}, "$5m", "0 M$ to 4 M$"),
        (
            "10 more customers",
            {"baseline": 31.0, "target": 10.0, "unit": "customers"},
            "10",
            "31 customers to 10 customers",
        ),
        (
            "2 webinars with 500 guests",
            {"baseline": 0.0, "target": 2.0, "unit": "guests"},
            "500",
            "0 guests to 2 guests",
        ),
        ("25 % come back", {"baseline": 10.0, "target": 25.0, "unit": "users"}, "%", "users"),
        ("Conversion ≥ 5 %", {"kind": Kind.MAINTAIN, "min": 4.0, "unit": "%"}, "5 %", "min 4 %"),
    ],
)
def test_titles_that_do_not(title: str, fields: dict[str, Any], said: str, have: str) -> None:
    found = disagreement(key_result(title, **fields), words())
    assert found is not None
    assert (found.title, found.fields) == (said, have)


def test_a_unit_that_only_the_title_states_can_be_set() -> None:
    found = disagreement(key_result("Retention 20 % → 35 %", baseline=20.0, target=35.0), words())
    assert found is not None and found.missing_unit == "%"
    assert str(found) == "the unit of the title is %, the fields have none"
    # One number alone may be of something else.
    assert disagreement(key_result("35 % retention", baseline=20.0, target=35.0), words()) is None
