"""What is not for an audience leaves no trace: every view is, byte for byte, that of documents without it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from okrsync.app import Workspace
from okrsync.cli.program import run
from okrsync.cli.screen import Screen
from okrsync.domain.audience import is_shown
from okrsync.domain.items import ItemId, ItemKind
from okrsync.domain.ref import Ref
from okrsync.domain.terms import Terms
from okrsync.store.cache import Cache
from okrsync.store.values import CheckIn, Link, Measured

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AUDIENCES = {"leads": ("dana", "erin"), "board": ("dana",)}
PEOPLE = ("dana", "erin", "frank")
SETTINGS = """\
workspace = "acme"

[audiences]
leads = ["dana", "erin"]
board = ["dana"]

[people.dana]
[people.erin]
[people.frank]
"""
LEVELS = ("company", "department", "team", "individual")


@dataclass(frozen=True)
class Wish:
    """An objective or a KPI as a document has it."""

    id: str
    file: int
    """Which of the documents; each has its own level, owner, and cycle."""
    audience: str = "everyone"
    supports: tuple[str, ...] = ()
    contributes: bool = False
    value: float | None = None
    score: float | None = None
    is_kpi: bool = False

    @property
    def cycle(self) -> str:
        return "2026-Q4" if self.file < 4 else "2026-Q3"

    @property
    def ref(self) -> Ref:
        return Ref(self.cycle, self.id)

    def text(self) -> str:
        audience = f"audience = {json.dumps(self.audience)}\n" if self.audience != "everyone" else ""
        if self.is_kpi:
            return f'[[kpis]]\nid = "{self.id}"\ntitle = "Watch {self.id}"\nmin = 1\n{audience}'
        score = f"score = {{ computed = {self.score}, final = 1.0 }}\n" if self.score is not None else ""
        return (
            f'[[objectives]]\nid = "{self.id}"\ntitle = "Reach {self.id}"\norigin = "bottom-up"\n{audience}'
            f"aligns_to = {json.dumps(list(self.supports))}\ncontributes = {json.dumps(self.contributes)}\n"
            f'[[objectives.key_results]]\nid = "kr"\ntitle = "Raise it"\nbaseline = 0\ntarget = 10\n{score}'
        )


@st.composite
def wishes(draw: st.DrawFn) -> tuple[Wish, ...]:
    """Objectives and KPIs of all audiences, aligned to one another."""
    made: list[Wish] = []
    for number in range(draw(st.integers(3, 7))):
        each = Wish(
            f"o{number}",
            draw(st.integers(0, 4)),
            draw(st.sampled_from(["everyone", "everyone", "leads", "board"])),
            value=draw(st.none() | st.sampled_from([0.5, 4.0, 9.0, 12.0])),
            score=draw(st.none() | st.sampled_from([0.2, 0.7, 1.0])),
            is_kpi=draw(st.integers(0, 5)) == 0,
        )
        parents = [] if each.is_kpi else [other for other in made if other.cycle == each.cycle and not other.is_kpi]
        chosen = draw(st.lists(st.sampled_from(parents), max_size=2, unique=True)) if parents else []
        may = bool(chosen) and all(is_shown(each.audience, other.audience, AUDIENCES) for other in chosen)
        supports = tuple(f"{other.id}/kr" if draw(st.booleans()) else other.id for other in chosen)
        made.append(replace(each, supports=supports, contributes=may and draw(st.booleans())))
    return tuple(made)


def documents(folder: Path, made: Sequence[Wish]) -> None:
    okrs = folder / "okrs"
    okrs.mkdir(exist_ok=True)
    for path in okrs.glob("*.toml"):
        path.unlink()
    for number in range(5):
        mine = [each for each in made if each.file == number]
        if mine:
            level, owner = LEVELS[number % 4], PEOPLE[number % 3]
            head = f'cycle = "{mine[0].cycle}"\nlevel = "{level}"\nteam = "t{number}"\nowner = "{owner}"\n'
            (okrs / f"{number}.toml").write_text(head + "\n".join(each.text() for each in mine))


def without_hidden(made: Sequence[Wish], audience: str) -> tuple[Wish, ...]:
    shown = [each for each in made if is_shown(each.audience, audience, AUDIENCES)]
    ids = {each.id for each in shown}
    return tuple(
        replace(each, supports=tuple(target for target in each.supports if target.partition("/")[0] in ids))
        for each in shown
    )


def remember(folder: Path) -> None:
    """A cache that knows of everything, hidden or not, as a sync leaves it."""
    workspace = Workspace.load(folder / "okrsync.toml", now=lambda: NOW)
    with Cache.open(folder / "okrsync.db", "acme", clock=lambda: NOW - timedelta(days=20)) as cache:
        for objective in workspace.okrs.objectives:
            ref = objective.ref.child("kr")
            value = float(len(objective.title) % 9)
            for days, share in ((20, 0.2), (9, 0.6), (2, 1.0)):
                at = NOW - timedelta(days=days)
                cache.observations.record([Measured(ref, value * share, at, "manual")])
                said = CheckIn(ref, at, objective.owner or "dana", value * share, 0.8, note="On it", obstacles="Time")
                cache.check_ins.add(said)
            cache.terms.record({ref: Terms.of(objective.key_results[0])}, NOW - timedelta(days=20))
            key = f"PLAT-{objective.ref.objective[1:]}"
            at_tracker = ItemId("PLAT", key, key, f"https://jira.example/browse/{key}")
            cache.links.put(Link(objective.ref, ItemKind.OBJECTIVE, "work", at_tracker))
        for kpi in workspace.okrs.kpis:
            cache.observations.record([Measured(kpi.ref, 2.0, NOW - timedelta(days=2), "manual")])
        cache.status.record(workspace.status())


def views(refs: Sequence[str]) -> Iterator[tuple[str, ...]]:
    yield from (("status",), ("status", "--json"), ("status", "--as-of", "2026-11-12", "--json"))
    yield from (("status", "--cycle", "2026-Q3"), ("tree",), ("tree", "--json"), ("tree", "--key-results"))
    yield from (("coverage", "--documents-only"), ("coverage", "--documents-only", "--json"))
    yield from (("review",), ("review", "--json"), ("review", "--format", "markdown"))
    yield from (("report", "--json"), ("report", "--format", "markdown"), ("report", "--format", "html"))
    yield from (("score", "--dry-run"), ("score", "--dry-run", "--json"), ("score", "--calibration", "--json"))
    for ref in refs:
        yield from (("explain", ref), ("explain", ref, "--json"), ("history", ref), ("history", ref, "--csv"))
        yield from (("review", ref), ("score", ref, "--dry-run", "--json"))


def reasons(shown: Sequence[Wish]) -> Iterator[tuple[str, ...]]:
    """The reason and the past of every number of these."""
    for ref in (ref for each in shown for ref in ([each.ref] if each.is_kpi else [each.ref, each.ref.child("kr")])):
        yield from (("explain", str(ref)), ("explain", str(ref), "--json"), ("history", str(ref), "--json"))


def said(folder: Path, arguments: Sequence[str], *, terminal: bool = False) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(Screen, "is_terminal", terminal),
    ):
        code = run(arguments)
    return code, out.getvalue(), err.getvalue()


@contextlib.contextmanager
def workspace_of(made: Sequence[Wish]) -> Iterator[Path]:
    os.environ.pop("OKRSYNC_CONFIG", None)
    with tempfile.TemporaryDirectory() as name, time_machine.travel(NOW, tick=False):
        folder = Path(name)
        (folder / "okrsync.toml").write_text(SETTINGS)
        documents(folder, made)
        remember(folder)
        yield folder


@settings(max_examples=7, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=wishes(), audience=st.sampled_from(["everyone", "leads", "board"]))
@example(
    made=(
        Wish("o0", 0, "leads"),
        Wish("o1", 0),
        Wish("o2", 0, "leads", is_kpi=True),
        Wish("o3", 0, is_kpi=True),
    ),
    audience="everyone",
)
def test_every_view_is_that_of_documents_without_what_is_hidden(made: tuple[Wish, ...], audience: str) -> None:
    hidden = [each for each in made if not is_shown(each.audience, audience, AUDIENCES)]
    shown = [each for each in made if each not in hidden]
    refs = [str(each.ref) for each in (*hidden[:2], *shown[:1])] + [f"{each.id}/kr" for each in hidden[:1]] + ["o"]
    option = () if audience == "everyone" else ("--audience", audience)
    with workspace_of(made) as folder:
        asked = [(*view, *option) for view in (*views(refs), *reasons(shown))]
        pictures = [("status", *option), ("tree", *option), ("review", *option), ("report", *option)]
        before = {each: said(folder, each) for each in asked}
        drawn = {each: said(folder, each, terminal=True) for each in pictures}
        documents(folder, without_hidden(made, audience))
        for each in asked:
            assert said(folder, each) == before[each], each
        for each in pictures:
            assert said(folder, each, terminal=True) == drawn[each], each


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(each)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=wishes())
def test_no_view_has_a_figure_of_a_person(made: tuple[Wish, ...]) -> None:
    """No object is keyed by people, and one that names somebody is about an OKR or about one thing that they said."""
    figures = {"score", "value", "mean", "progress", "count", "rank", "average", "confidence", "health", "share"}
    with workspace_of(made) as folder:
        for view in views([str(made[0].ref)]):
            if "--json" not in view:
                continue
            for found in _objects(json.loads(said(folder, view)[1] or "{}")):
                assert not set(PEOPLE) & found.keys(), view
                names = {key for key, value in found.items() if isinstance(value, str) and value in PEOPLE}
                if names and figures & found.keys():
                    assert {"ref", "at", "on"} & found.keys(), (view, found)
