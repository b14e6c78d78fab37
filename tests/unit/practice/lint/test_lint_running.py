"""What is selected, in which order it is told, and rules that fail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from okrsync.domain.linting import Finding, LintContext, Rule, Severity
from okrsync.domain.okr import Level, Objective, Okrs, Source
from okrsync.domain.ref import Ref
from okrsync.practice.lint.running import Broken, Selection, lint
from okrsync.practice.lint.vocabulary import words_from
from tests.unit.practice.lint.lint_desk import words

REF = Ref("2026-Q4", "grow")
SEEN = LintContext(
    Okrs((Objective(REF, "Grow", Level.TEAM, date(2026, 12, 31), source=Source("okrs/b.toml", 7)),)), date(2026, 11, 15)
)


class Everything(Rule):
    code = "ACME1"
    name = "everything"
    severity = Severity.WARNING
    summary = "there is an objective"

    def check(self, context: LintContext) -> Iterator[Finding]:
        for each in context.objectives:
            yield self.finding(each, "there it is", "Do nothing.", key="title")
        yield self.finding(Source("okrs/a.toml", 9), "a place", "Look.", severity=Severity.INFO)


class Broke(Everything):
    code = "ACME2"

    def check(self, context: LintContext) -> Iterator[Finding]:
        yield from super().check(context)
        raise KeyError("oh")


@pytest.mark.parametrize(
    ("select", "ignore", "wanted"),
    [
        ((), (), True),
        (("OKR2",), (), True),
        (("OKR3",), (), False),
        ((), ("OKR2",), False),
        (("OKR202",), ("OKR2",), True),
        (("OKR2",), ("OKR202",), False),
        (("OKR202",), ("OKR202",), False),
    ],
)
def test_the_longer_entry_counts(select: tuple[str, ...], ignore: tuple[str, ...], wanted: bool) -> None:
    assert Selection(select, ignore).wants("OKR202") is wanted


def test_some_files_ignore_more() -> None:
    selection = Selection(per_file={"okrs/old/*": ("OKR1", "OKR202")})
    assert not selection.keeps("OKR101", "okrs/old/a/b.toml")
    assert selection.keeps("OKR201", "okrs/old/a.toml")
    assert selection.keeps("OKR101", "okrs/a.toml")


def test_entries_that_no_code_begins_with_are_named() -> None:
    selection = Selection(("OKR1", "XYZ"), ("OKR999",), {"*": ("OKR2", "ABC")})
    assert selection.unknown(["OKR101", "OKR201"]) == ("ABC", "OKR999", "XYZ")


def test_findings_come_in_the_order_of_the_files_with_the_lines_of_their_keys() -> None:
    result = lint(SEEN, [Everything()], Selection(), line_of=lambda file, ref, key: 8 if key == "title" else 0)
    assert [(each.file, each.line, each.ref, each.severity) for each in result.findings] == [
        ("okrs/a.toml", 9, None, Severity.INFO),
        ("okrs/b.toml", 8, REF, Severity.WARNING),
    ]
    assert lint(SEEN, [Everything()], Selection(), line_of=lambda *_: 0).findings[1].line == 7


def test_a_rule_that_fails_is_named_and_takes_no_other_down() -> None:
    result = lint(SEEN, [Broke(), Everything()], Selection())
    assert result.broken == (Broken("ACME2", "KeyError: 'oh'"),)
    assert {each.code for each in result.findings} == {"ACME1"}


def test_words_have_the_usual_endings() -> None:
    made = words_from({"activities": ["create+", "launch+", "identify+", "kick+ off"]})
    for form in ("creating", "launches", "launched", "identified", "identifies", "kicking off", "kicks  off"):
        assert made.activities.fullmatch(form), form
    assert not made.activities.search("recreated") and not made.activities.search("identifyed")


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"verbs": []}, "verbs"),
        ({"activities": "launch"}, "activities"),
        ({"numerals": {"two": "2"}}, "numerals"),
        ({"units": {"time": 3}}, "units"),
    ],
)
def test_words_of_a_wrong_form_are_refused(data: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        words_from(data)


def test_words_that_a_language_lacks_match_nothing() -> None:
    assert not words_from({}).activities.search("launch") and words().activities.search("launch")
