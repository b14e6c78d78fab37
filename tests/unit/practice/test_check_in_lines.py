"""What counts as a check-in in a comment, what it says, and what is said to who wrote one that nobody can read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.numbers import number_text
from okrsync.domain.okr import KeyResult, Kind, Measure
from okrsync.domain.ref import Ref
from okrsync.practice.check_in_rules import value_refusal
from okrsync.practice.check_in_values import Unreadable, confidence_of, value_of
from okrsync.practice.check_ins import Line, Said, lines, parse

O1 = Ref("2026-Q4", "instant-signup")


def key_result(unit: str = "s", kind: Kind = Kind.REACH, measure: str = "manual", **options: object) -> KeyResult:
    return KeyResult(O1.child("p95"), "Cut p95", kind, 4.0, 1.5, unit=unit, measure=Measure(measure, options))


SECONDS, COUNT, PERCENT, POINTS = (key_result(unit) for unit in ("s", "", "%", "story points"))
DONE = key_result("", Kind.DONE)


@pytest.mark.parametrize(
    ("text", "of", "said"),
    [
        ("3.1 @0.6 waiting for the vendor", SECONDS, Said(3.1, 0.6, "waiting for the vendor")),
        ("3.1s @60%", SECONDS, Said(3.1, 0.6)),
        ("3,1 s, @.6", SECONDS, Said(3.1, 0.6)),
        ("3.1 seconds", SECONDS, Said(3.1)),
        ("@0.4 vendor is late", SECONDS, Said(None, 0.4, "vendor is late")),
        ("@0,4 3.1", SECONDS, Said(3.1, 0.4)),
        ("3.1 slower than hoped @0.6", SECONDS, Said(3.1, 0.6, "slower than hoped")),
        ("3.1 @dana knows more", SECONDS, Said(3.1, None, "@dana knows more")),
        ("-3", SECONDS, Said(-3.0)),
        ("−3", SECONDS, Said(-3.0)),
        ("3.1 - waiting", SECONDS, Said(3.1, None, "waiting")),
        ("0 @1 nothing left", SECONDS, Said(0.0, 1.0, "nothing left")),
        ("3.1 @0", SECONDS, Said(3.1, 0.0)),
        ("1,000,000 users", COUNT, Said(1e6, None, "users")),
        ("1.000,5", COUNT, Said(1000.5)),
        ("1'000", COUNT, Said(1000.0)),
        ("1\u202f000", COUNT, Said(1000.0)),
        ("12, 345 of them new", COUNT, Said(12.0, None, "345 of them new")),
        ("0,125", COUNT, Said(0.125)),
        ("40%", PERCENT, Said(40.0)),
        ("40 percent @0.5 ok", PERCENT, Said(40.0, 0.5, "ok")),
        ("3 story points @0.1 x", POINTS, Said(3.0, 0.1, "x")),
        ("yes @1", DONE, Said(1.0, 1.0)),
        ("not done yet @0.3", DONE, Said(0.0, 0.3)),
        ("no, the vendor is late", DONE, Said(0.0, None, "the vendor is late")),
        ("@0.2", DONE, Said(None, 0.2)),
        (
            "3.1 @0.6 slow; obstacles: vendor; no budget; help: a decision by Friday",
            SECONDS,
            Said(3.1, 0.6, "slow", "vendor; no budget", "a decision by Friday"),
        ),
        ("@0.6; help needed: erin", SECONDS, Said(None, 0.6, "", "", "erin")),
    ],
)
def test_a_line_says_what_its_author_means(text: str, of: KeyResult, said: Said) -> None:
    assert parse(text, of) == said


@pytest.mark.parametrize(
    ("text", "of", "why"),
    [
        ("n/a", SECONDS, "'n/a' is no value: leave the value out"),
        ("n/a", DONE, "neither yes nor no"),
        ("- @0.6", SECONDS, "no value"),
        ("3.1 @1.4", SECONDS, "a confidence of 1.4 is not between 0 and 1"),
        ("3.1 @-0.2", SECONDS, "not between 0 and 1"),
        ("3.1 @60 late", SECONDS, "did you mean 60%?"),
        ("3.1 @140%", SECONDS, "a confidence of 140% is not between 0 and 1"),
        ("310 ms", SECONDS, "'ms' is not the unit of p95: write the value in s"),
        ("310ms", SECONDS, "'ms' is not the unit"),
        ("3.1 minutes", SECONDS, "'minutes' is not the unit"),
        ("$5", COUNT, "'$' is not the unit"),
        ("10k", COUNT, "'k' is not the unit"),
        ("10 k", COUNT, "'k' is not the unit"),
        ("5-6", COUNT, "not the unit"),
        ("3/4", COUNT, "not the unit"),
        ("1,000", COUNT, "could be 1000 or 1.000: write one of the two"),
        ("12 000", COUNT, "could be one number or two: write 12000"),
        ("1,00,000", COUNT, "no number"),
        ("1'00", COUNT, "no number"),
        ("1e999", COUNT, "too big"),
        ("0.5", DONE, "neither yes nor no"),
        ("50%", DONE, "neither yes nor no"),
        ("hello", SECONDS, "neither a value nor a confidence (@0.6) in it; write a number in s"),
        ("", SECONDS, "neither a value nor a confidence"),
        ("done", SECONDS, "neither a value nor a confidence"),
        ("@high", SECONDS, "neither a value nor a confidence"),
        ("3.1 " + "x" * 4001, SECONDS, "longer than 4,000"),
    ],
)
def test_what_nobody_can_read_or_what_could_mean_two_things_is_refused(text: str, of: KeyResult, why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(text, of)
    assert why in str(refused.value)


def test_a_whole_answer_holds_a_value_and_nothing_else() -> None:
    assert value_of(" 3.1 s ", SECONDS) == 3.1
    assert confidence_of("60 %") == 0.6
    for text in ("3.1 and more", "", "x"):
        with pytest.raises(Unreadable):
            value_of(text, SECONDS)
    for text in ("1.4", "high", "", "nan", "inf"):
        with pytest.raises(Unreadable):
            confidence_of(text)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1))
def test_any_number_with_all_its_digits_is_read_back(value: float, confidence: float) -> None:
    said = parse(f"{number_text(value)} @{number_text(confidence)}", COUNT)
    assert (said.value, said.confidence) == (value + 0.0, confidence)


@given(st.text())
def test_any_text_is_a_check_in_or_refused(text: str) -> None:
    for of in (SECONDS, PERCENT, DONE):
        try:
            said = parse(text, of)
        except Unreadable:
            continue
        assert said.confidence is None or 0 <= said.confidence <= 1
        assert (said.value, said.confidence) != (None, None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("okr: 3.1 @0.6", [Line("", "3.1 @0.6")]),
        ("  OKR: 3.1", [Line("", "3.1")]),
        ("okr p95: 3.1", [Line("p95", "3.1")]),
        ("/okr 3.1", [Line("", "3.1", True)]),
        ("/okr: 3.1", [Line("", "3.1", True)]),
        ("/okr p95: 3.1", [Line("p95", "3.1", True)]),
        ("`okr: 3.1`", [Line("", "3.1")]),
        ("{{okr: 3.1}}", [Line("", "3.1")]),
        ("okr: \\-3", [Line("", "-3")]),
        ("okr\u00a0p95: 3", [Line("p95", "3")]),
        ("Hello,\nokr: 3.1\nbye\nokr nps: 40", [Line("", "3.1"), Line("nps", "40")]),
        ("our okr: 3.1", []),
        ("> okr: 3.1", []),
        ("okra: 3", []),
        ("/okrs 5", []),
        ("okr", []),
        ("write\n```\nokr: 3\n```\nand", []),
        ("{quote}\nokr: 3\n{quote}\nyes", []),
        ("{code:title=x}\nokr: 3\n{code}", []),
    ],
)
def test_lines_that_are_meant_as_check_ins(text: str, found: list[Line]) -> None:
    assert list(lines(text)) == found


def test_a_command_may_name_its_key_result_without_a_colon() -> None:
    (line,) = lines("/okr p95 3.1")
    assert line.named({"p95", "nps"}) == Line("p95", "3.1", True)
    assert line.named({"nps"}) == line


def test_values_are_given_by_hand_where_people_measure() -> None:
    assert value_refusal(3.1, SECONDS, in_own_field=False) == ""
    assert value_refusal(3.1, key_result(measure="field"), in_own_field=True) == ""
    assert "PLAT-7" in value_refusal(3.1, key_result(measure="field", item="PLAT-7"), in_own_field=False)
    assert "over a query (count)" in value_refusal(3.1, key_result(measure="count"), in_own_field=False)
    assert value_refusal(0.0, key_result(measure="count"), in_own_field=False) == "", "nobody believes a query alone"
    assert "over a query (done)" in value_refusal(0.0, key_result(measure="done"), in_own_field=False)
    assert "by sql; leave it out" in value_refusal(0.0, key_result(measure="sql"), in_own_field=False)
    assert value_refusal(None, key_result(measure="sql"), in_own_field=False) == ""
