"""Each mistake is told with its place, what is right, and what to do; and all mistakes at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from okrsync.documents import check, load
from okrsync.problems import Problem, Problems

Write = Callable[[str, str], Path]

HEAD = 'cycle = "2026-Q4"\nlevel = "team"\n'
OBJECTIVE = HEAD + '[[objectives]]\nid = "one"\ntitle = "One"\n'
KEY_RESULT = OBJECTIVE + '[[objectives.key_results]]\nid = "k"\ntitle = "K"\n'
REACH = KEY_RESULT + "baseline = 1\ntarget = 2\n"
KPI = HEAD + '[[kpis]]\nid = "up"\ntitle = "Up"\n'


def told(root: Path, **surroundings: object) -> list[str]:
    return [str(problem) for problem in check(root, root.parent, **surroundings)[1]]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # the head
        ('level = "team"', "okrs/a.toml:1: has no cycle. Add cycle: The cycle: YYYY-Qn"),
        ('cycle = "2026"', "okrs/a.toml:1: has no level. Add level: Whose OKRs these are."),
        ('cycle = 2026\nlevel = "team"', "okrs/a.toml:1: cycle is 2026; expected text in quotes"),
        (
            '\ncycle = "2026-Q5"\nlevel = "team"',
            "okrs/a.toml:2: cycle is '2026-Q5'; expected a quarter (2026-Q4), a half",
        ),
        ('cycle = "0000"\nlevel = "team"', "okrs/a.toml:1: cycle is '0000'; expected a quarter"),
        (
            'cycle = "2026"\nlevel = "squad"',
            "okrs/a.toml:2: level is 'squad'; expected company, department, team or individual",
        ),
        (HEAD + 'ownr = "dana"', "okrs/a.toml:3: 'ownr' is not a key; expected one of cycle, level, team, owner"),
        (HEAD + "team = 3", "okrs/a.toml:3: team is 3; expected text in quotes"),
        (HEAD + 'team = ""', "okrs/a.toml:3: team is empty; expected text"),
        (HEAD + "objectives = 3", "okrs/a.toml:3: objectives is 3; expected one or more tables, each written as [[obj"),
        (
            HEAD + "[objectives]",
            "okrs/a.toml:3: objectives is a table; expected one or more tables, each written as [[",
        ),
        # objectives
        (HEAD + '[[objectives]]\ntitle = "x"', "okrs/a.toml:3: objective 1: has no id. Add id: Its name"),
        (
            HEAD + '[[objectives]]\nid = "One"\ntitle = "x"',
            "okrs/a.toml:4: objective 1: id is 'One'; expected lower-case",
        ),
        (
            HEAD + '[[objectives]]\nid = "a/b"\ntitle = "x"',
            "okrs/a.toml:4: objective 1: id is 'a/b'; expected lower-case",
        ),
        (HEAD + f'[[objectives]]\nid = "{"a" * 81}"\ntitle = "x"', "has 81 characters; expected at most 80"),
        (HEAD + '[[objectives]]\nid = "one"', "okrs/a.toml:3: 2026-Q4/one: has no title"),
        (HEAD + '[[objectives]]\nid = "one"\ntitle = " "', "okrs/a.toml:5: 2026-Q4/one: title is empty"),
        (HEAD + f'[[objectives]]\nid = "one"\ntitle = "{"x" * 251}"', "title has 251 characters; expected at most 250"),
        (HEAD + '[[objectives]]\nid = "one"\ntitle = "a\\nb"', "title has a line end or a control character in it"),
        (HEAD + '[[objectives]]\nid = "one"\ntitle = "a\\u001b[2Jb"', "title has a line end or a control character"),
        (OBJECTIVE + 'why = "a\\u0007b"', "okrs/a.toml:6: 2026-Q4/one: why has a control character in it"),
        (OBJECTIVE + 'origin = "top"', "2026-Q4/one: origin is 'top'; expected top-down or bottom-up"),
        (OBJECTIVE + 'stage = "done"', "stage is 'done'; expected draft, proposed, committed or closed"),
        (OBJECTIVE + "stage = []", "stage is a list; expected draft, proposed, committed or closed"),
        (OBJECTIVE + 'contributes = "yes"', "contributes is 'yes'; expected true or false. Write it without quotes."),
        (OBJECTIVE + 'due = "2026-12-01"', "due is '2026-12-01'; expected a date such as 2026-12-31. Write it without"),
        (OBJECTIVE + "due = 2026-12-01T10:00:00", "due is 2026-12-01 10:00:00; expected a date such as 2026-12-31"),
        (OBJECTIVE + "due = 2027-01-01", "due is 2027-01-01; expected a day of 2026-Q4, 2026-10-01 to 2026-12-31"),
        (OBJECTIVE + 'audience = "bord"', "audience is 'bord'; expected everyone or board. Did you mean 'board'?"),
        (OBJECTIVE + 'audience = "xyz"', "expected everyone or board. Define it under [audiences] in okrsync.toml."),
        (OBJECTIVE + 'aligns_to = "two"', "aligns_to is 'two'; expected a list of texts such as"),
        (OBJECTIVE + "aligns_to = [3]", "aligns_to is a list; expected a list of texts such as"),
        (OBJECTIVE + 'aligns_to = ["a/b/c"]', "aligns_to has 'a/b/c'; expected objective or objective/key-result"),
        (OBJECTIVE + 'aligns_to = ["2026-Q4/two"]', "of the same cycle. Leave the cycle out: 'two'."),
        (OBJECTIVE + "weight = 2", "okrs/a.toml:6: 2026-Q4/one: 'weight' is not a key; expected one of id, title, why"),
        (OBJECTIVE + 'titel = "x"', "'titel' is not a key"),
        # key results
        (KEY_RESULT, "okrs/a.toml:6: 2026-Q4/one/k: has no baseline and no target; expected both for kind 'reach'"),
        (KEY_RESULT + "baseline = 1", "2026-Q4/one/k: has no target; expected both for kind 'reach'"),
        (KEY_RESULT + "baseline = 4\ntarget = 4.0", "okrs/a.toml:10: 2026-Q4/one/k: baseline and target are both 4.0"),
        (KEY_RESULT + "baseline = 0.3\ntarget = 0.30000000000000004", "baseline and target are both"),
        (KEY_RESULT + 'baseline = "4"\ntarget = 5', "baseline is '4'; expected a number. Write it without quotes."),
        (KEY_RESULT + "baseline = true\ntarget = 5", "baseline is true; expected a number"),
        (KEY_RESULT + "baseline = nan\ntarget = 5", "baseline is nan; expected a finite number"),
        (KEY_RESULT + "baseline = 1\ntarget = -inf", "target is -inf; expected a finite number"),
        (
            KEY_RESULT + f"baseline = 1\ntarget = 0x{'f' * 5000}",
            "target is a very large number; expected a finite number",
        ),
        (
            KEY_RESULT + "baseline = 1\nmin = 2",
            "okrs/a.toml:10: 2026-Q4/one/k: min beside kind 'reach', which goes from",
        ),
        (KEY_RESULT + 'kind = "maintain"', "has no min and no max; expected one or both for kind 'maintain'"),
        (KEY_RESULT + 'kind = "maintain"\ntarget = 5', "target beside kind 'maintain'; expected min, max or both"),
        (KEY_RESULT + "min = 3\nmax = 2", "min is 3 and max is 2; expected min at or below max"),
        (KEY_RESULT + 'kind = "done"\ntarget = 5', "target beside kind 'done', which is 0 or 1"),
        (KEY_RESULT + 'kind = "keep"\nmin = 5', "kind is 'keep'; expected reach, maintain or done"),
        (REACH + "weight = 0", "weight is 0; expected a number above 0"),
        (REACH + "weight = -1.5", "weight is -1.5; expected a number above 0"),
        (REACH + "due = 2026-09-30", "due is 2026-09-30; expected a day of 2026-Q4"),
        (REACH + "phases = [{ by = 2026-11-01 }]", "okrs/a.toml:11: 2026-Q4/one/k, phase 1: has no target"),
        (REACH + "phases = [{ by = 2027-01-01, target = 1 }]", "phase 1: by is 2027-01-01; expected a day of 2026-Q4"),
        (
            REACH + "phases = [{ by = 2026-11-01, target = 1 }, { by = 2026-11-01, target = 2 }]",
            "a phase by 2026-11-01 follows one by 2026-11-01; expected phases in the order of days",
        ),
        (
            KEY_RESULT + "min = 1\nphases = [{ by = 2026-11-01, target = 1 }]",
            "phases beside kind 'maintain'. Remove them",
        ),
        (REACH.replace("target = 2", "target = 2\n\n\ntarget2 = 3"), "okrs/a.toml:13: 2026-Q4/one/k: 'target2' is not"),
        # measures
        (REACH + 'measure = "field"', "measure is 'field'; expected a table such as { from = \"manual\" }"),
        (
            REACH + "measure = {}",
            "measure has no from; expected manual, field, children, count, sum, average, done, or",
        ),
        (REACH + "measure = { from = 3 }", "measure.from is 3; expected manual, field"),
        (
            REACH + 'measure = { from = "manual", field = "x" }',
            "measure.field is not an option of measure.from = 'manual'",
        ),
        (REACH + 'measure = { from = "field", feild = "x" }', "expected field or item. Did you mean 'field'?"),
        (REACH + 'measure = { from = "field", item = 7 }', "measure.item is 7; expected text in quotes"),
        (
            REACH + 'measure = { from = "children", of = "epic" }',
            "measure.of is 'epic'; expected objective or key-result",
        ),
        (
            REACH + 'measure = { from = "children", pull_requests = 1 }',
            "measure.pull_requests is 1; expected true or false",
        ),
        (
            REACH + 'measure = { from = "count" }',
            "measure.from = 'count' has no query. Add query: A query in the tracker's",
        ),
        (REACH + 'measure = { from = "sum", query = "x" }', "measure.from = 'sum' has no field"),
        (REACH + 'measure = { from = "average", query = "x" }', "measure.from = 'average' has no field"),
        (REACH + 'measure = { from = "done", query = "" }', "measure.query is empty"),
        (
            REACH + 'measure = { from = "done", query = "x", may_be_empty = true }',
            "okrs/a.toml:11: 2026-Q4/one/k: measure.may_be_empty is not an option of measure.from = 'done'; expected"
            " query, field or since. Of nothing no share is done: what matches nothing keeps its last value.",
        ),
        (REACH + 'measure = { from = "count", query = "x", may_be_empty = 1 }', "measure.may_be_empty is 1; expected"),
        # KPIs
        (KPI + "min = 3\nmax = 2", "okrs/a.toml:6: 2026-Q4/up: min is 3 and max is 2"),
        (
            KPI + 'measure = { from = "field" }',
            "measure.from is 'field', but a KPI has no item of its own. Name the item",
        ),
        (KPI + 'measure = { from = "children" }', "measure.from is 'children', but a KPI has no item of its own"),
        (KPI + "weight = 1", "2026-Q4/up: 'weight' is not a key"),
    ],
)
def test_a_mistake_is_told(write: Write, root: Path, text: str, said: str) -> None:
    write("a.toml", text)
    messages = told(root, audiences=["board"])
    assert len(messages) == 1, messages
    assert said in messages[0]
    with pytest.raises(Problems):
        load(root, root.parent, audiences=["board"])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (HEAD + 'ownr = "dana"', "owner"),
        (OBJECTIVE + 'titel = "x"', None),
        (OBJECTIVE + 'aligns-to = ["x"]', "aligns_to"),
        (OBJECTIVE + "Contributes = true", "contributes"),
        (REACH + "wieght = 1", "weight"),
        (REACH + "zzz = 1", None),
        (KEY_RESULT.replace("title = ", "titel = ") + "min = 1", "title"),
    ],
)
def test_an_unknown_key_is_met_with_what_was_meant(write: Write, root: Path, text: str, meant: str | None) -> None:
    write("a.toml", text)
    unknown = next(message for message in told(root) if "is not a key" in message)
    assert unknown.endswith(f"Did you mean {meant!r}?") if meant else "Did you mean" not in unknown


def test_a_named_cycle_is_offered(write: Write, root: Path) -> None:
    write("a.toml", 'cycle = "sprng"\nlevel = "team"')
    (message,) = told(root, named_cycles={"spring": (date(2026, 2, 1), date(2026, 4, 30))})
    assert message.endswith("Did you mean 'spring'?")


def test_a_measure_that_no_plugin_brings_is_told_where_plugins_are_known(write: Write, root: Path) -> None:
    write("a.toml", REACH + 'measure = { from = "prometeus", query = "up", anything = { deep = [1] } }')
    assert told(root) == []
    (message,) = told(root, measures=["prometheus"])
    assert "measure.from is 'prometeus'" in message
    assert message.endswith("Did you mean 'prometheus'?")
    assert told(root, measures=["prometeus"]) == []


def test_an_unknown_cycle_does_not_hide_the_rest_nor_add_to_it(write: Write, root: Path) -> None:
    write("a.toml", REACH.replace("2026-Q4", "2026-Q7") + "weight = 0\ndue = 2030-01-01\n")
    write("b.toml", OBJECTIVE.replace('"one"', '"two"').replace("2026-Q4", "2026-Q8") + 'aligns_to = ["one"]\n')
    assert [message.split("; ")[0] for message in told(root)] == [
        "okrs/a.toml:1: cycle is '2026-Q7'",
        "okrs/a.toml:11: ?/one/k: weight is 0",
        "okrs/b.toml:1: cycle is '2026-Q8'",
    ]


def test_all_problems_of_all_files_come_at_once_in_the_order_of_the_files(write: Write, root: Path) -> None:
    write("b.toml", OBJECTIVE + 'stage = "x"\norigin = "y"\n')
    write("a.toml", "x = [")
    write("c/d.toml", KPI + "min = false\n")
    with pytest.raises(Problems) as caught:
        load(root, root.parent)
    places = [(problem.file, problem.line) for problem in caught.value.problems]
    assert places == [("okrs/a.toml", 1), ("okrs/b.toml", 6), ("okrs/b.toml", 7), ("okrs/c/d.toml", 6)]
    assert str(caught.value).splitlines() == told(root)


def test_what_is_right_is_read_beside_what_is_wrong(write: Write, root: Path) -> None:
    write("a.toml", REACH + '[[objectives]]\nid = "two"\ntitle = "Two"\nweight = 3\n')
    write("b.toml", KPI)
    okrs, problems = check(root, root.parent)
    assert [str(each.ref) for each in okrs.objectives] == ["2026-Q4/one"]
    assert [str(each.ref) for each in okrs.kpis] == ["2026-Q4/up"]
    assert len(problems) == 1


def test_a_problem_reads_as_a_sentence_and_sorts_by_place() -> None:
    whole = Problem("a.toml", 0, "", "is empty")
    first = Problem("a.toml", 2, "one", "weight is 0", "a number above 0", "Mend it.")
    last = Problem("a.toml", 12, "", "x")
    assert sorted([last, first, whole]) == [whole, first, last]
    assert [str(whole), str(first)] == [
        "a.toml: is empty",
        "a.toml:2: one: weight is 0; expected a number above 0. Mend it.",
    ]
    assert Problems([last, first, last]).problems == (first, last)
