"""Whatever people write in a document is read as it was meant, on its line; and an edit changes nothing else."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.documents import load
from okrsync.documents.edit import set_values
from okrsync.domain.okr import KeyResult, Kind, Level, Measure, Objective, Okrs, Origin, Phase, Source, Stage
from okrsync.domain.ref import Ref

slugs = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,6}[a-z0-9])?", fullmatch=True)
lines = (
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=30).map(str.strip).filter(bool)
)
decoys = st.sampled_from(["[[objectives]]", 'title = "no"', "# no comment", '"""', "'''", "\\", "[x", "]", "", "  in"])
prose = st.lists(lines | decoys, max_size=5).map(lambda parts: "\n".join(parts).strip())
titles = lines | st.just("# no comment")
COMMENTS = ["# [[objectives]]", '# title = "x"', '# it\'s """']
numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 3))
days = st.dates(date(2026, 10, 1), date(2026, 12, 31))


@st.composite
def key_results(draw: st.DrawFn, objective: Ref, name: str) -> KeyResult:
    kind = draw(st.sampled_from(Kind))
    low, high = sorted([draw(numbers), draw(numbers)])
    if low == high:
        high = low + 1
    numbers_of = {
        Kind.REACH: {"baseline": high, "target": low} if draw(st.booleans()) else {"baseline": low, "target": high},
        Kind.MAINTAIN: {"minimum": low, "maximum": high} if draw(st.booleans()) else {"minimum": low},
        Kind.DONE: {"baseline": 0.0, "target": 1.0},
    }[kind]
    phases = draw(st.lists(days, max_size=3, unique=True)) if kind is Kind.REACH else []
    sources = [Measure(), Measure("field", {"field": "KR current"}), Measure("children", {"by": "Points"})]
    return KeyResult(
        ref=objective.child(name),
        title=draw(titles),
        kind=kind,
        unit=draw(st.sampled_from(["", "%", "s"])),
        weight=draw(st.floats(0.001, 1000)),
        measure=draw(st.sampled_from(sources)),
        phases=tuple(Phase(day, draw(numbers)) for day in sorted(phases)),
        owner=draw(st.none() | lines),
        due=draw(st.none() | days),
        **numbers_of,
    )


@st.composite
def objectives(draw: st.DrawFn, names: list[str], level: Level, owner: str | None) -> list[Objective]:
    made = []
    for index, name in enumerate(names):
        ref = Ref("2026-Q4", name)
        kr_names = draw(st.lists(slugs, max_size=3, unique=True))
        made.append(
            Objective(
                ref=ref,
                title=draw(titles),
                level=level,
                due=draw(days),
                key_results=tuple(draw(key_results(ref, each)) for each in kr_names),
                why=draw(prose),
                team="web",
                owner=draw(st.just(owner) | lines),
                origin=draw(st.sampled_from(Origin)),
                aligns_to=tuple(
                    Ref("2026-Q4", each)
                    for each in draw(st.lists(st.sampled_from(names[:index] or [name]), unique=True))
                )
                if index
                else (),
                contributes=draw(st.booleans()),
                stage=draw(st.sampled_from(Stage)),
            )
        )
    return made


@dataclass
class Written:
    """A document as somebody wrote it, with the line of each table."""

    text: str
    okrs: Okrs


class Writer:
    """Writes OKRs as TOML in one of the ways that people write it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.lines: list[str] = []

    def comment(self) -> None:
        for _ in range(self.draw(st.integers(0, 2))):
            self.lines.append(self.draw(st.sampled_from(["", *COMMENTS[:2], f"  {COMMENTS[2]}"])))

    def header(self, text: str) -> Source:
        self.comment()
        self.lines.append(text + self.draw(st.sampled_from(["", "  # here", " "])))
        return Source("a.toml", len(self.lines))

    def key(self, name: str, value: str) -> None:
        self.comment()
        pad = self.draw(st.sampled_from(["", " ", "    "]))
        self.lines.extend(f"{name}{pad}= {value}{self.draw(st.sampled_from(['', ' # why']))}".split("\n"))

    def text(self, name: str, value: str) -> None:
        self.key(name, self.quoted(value))

    def quoted(self, value: str) -> str:
        """The value as a basic string; or as a literal or multi-line one, where it can be."""
        ways = [json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")]
        if "'" not in value and "\n" not in value:
            ways.append(f"'{value}'")
        if "'''" not in value and not value.endswith("'"):
            ways.append(f"'''\n{value}'''")
        if '"' not in value and "\\" not in value:
            ways.append(f'"""\n{value}\\\n   """')
        return self.draw(st.sampled_from(ways))


@st.composite
def written_documents(draw: st.DrawFn) -> Written:
    level, owner = draw(st.sampled_from(Level)), draw(st.none() | lines)
    wanted = draw(objectives(draw(st.lists(slugs, min_size=1, max_size=4, unique=True)), level, owner))
    out = Writer(draw)
    out.text("cycle", "2026-Q4")
    out.text("level", level.value)
    out.text("team", "web")
    if owner:
        out.text("owner", owner)
    read: list[Objective] = []
    for objective in wanted:
        source = out.header("[[objectives]]")
        out.text("id", objective.ref.objective)
        out.text("title", objective.title)
        if objective.why or draw(st.booleans()):
            out.text("why", objective.why)
        if objective.owner != owner:
            out.text("owner", objective.owner or "")
        out.text("origin", objective.origin.value)
        out.text("stage", objective.stage.value)
        out.key("contributes", str(objective.contributes).lower())
        out.key("due", objective.due.isoformat())
        if objective.aligns_to:
            between = draw(st.sampled_from([", ", ",\n  ", ", # [\n"]))
            out.key("aligns_to", f"[{between.join(out.quoted(ref.local) for ref in objective.aligns_to)}]")
        found = tuple(write_key_result(out, each) for each in objective.key_results)
        read.append(replace(objective, source=source, key_results=found))
    return Written("\n".join(out.lines) + "\n", Okrs(tuple(read)))


def write_key_result(out: Writer, key_result: KeyResult) -> KeyResult:
    source = out.header("[[objectives.key_results]]")
    out.text("id", key_result.ref.key_result)
    out.text("title", key_result.title)
    out.text("kind", key_result.kind.value)
    names = {"baseline": "baseline", "target": "target", "minimum": "min", "maximum": "max"}
    for name, key in names.items():
        value = getattr(key_result, name)
        if value is not None:
            out.key(key, repr(value))
    out.text("unit", key_result.unit)
    out.key("weight", repr(key_result.weight))
    if key_result.owner:
        out.text("owner", key_result.owner)
    if key_result.due:
        out.key("due", key_result.due.isoformat())
    if key_result.phases:
        steps = ",\n  ".join(f"{{ by = {phase.by}, target = {phase.target!r} }}" for phase in key_result.phases)
        out.key("phases", f"[\n  {steps}\n]")
    options = {"from": key_result.measure.source, **key_result.measure.options}
    out.key("measure", "{ " + ", ".join(f'{name} = "{value}"' for name, value in options.items()) + " }")
    return replace(key_result, source=source)


@settings(max_examples=50, deadline=None)
@given(written_documents())
def test_what_is_written_is_read_on_its_line(written: Written) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.toml").write_text(written.text, encoding="utf-8")
        assert load(Path(folder), Path(folder)).okrs == written.okrs


@settings(max_examples=50, deadline=None)
@given(written_documents(), st.data())
def test_an_edit_changes_one_objective_and_no_comment(written: Written, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(written.okrs.objectives) - 1))
    before = written.okrs.objectives[index]
    possible = {
        "title": titles,
        "why": prose,
        "due": days,
        "stage": st.sampled_from(Stage),
        "origin": st.sampled_from(Origin),
        "contributes": st.booleans(),
        "owner": lines,
    }
    values = data.draw(st.fixed_dictionaries({}, optional=possible))
    wanted = list(written.okrs.objectives)
    wanted[index] = replace(before, **values)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.toml"
        path.write_text(written.text, encoding="utf-8")
        known = load(Path(folder), Path(folder)).files["a.toml"].digest
        digest = set_values(path, before.ref.objective, values, known)
        after = load(Path(folder), Path(folder))
        assert after.files["a.toml"].digest == digest
        assert [without_lines(each) for each in after.okrs.objectives] == [without_lines(each) for each in wanted]
        assert comments(path.read_text(encoding="utf-8")) == comments(written.text)


def without_lines(objective: Objective) -> Objective:
    nowhere = Source("", 1)
    key_results = tuple(replace(each, source=nowhere) for each in objective.key_results)
    return replace(objective, source=nowhere, key_results=key_results)


def comments(text: str) -> list[str]:
    """The comments, and not what looks like one in a text of several lines."""
    return [line.strip() for line in text.split("\n") if line.strip() in COMMENTS]
