"""Whatever people do to documents and tracker: one sync, and the next has nothing to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from okrsync.domain.okr import Stage
from okrsync.domain.ref import Ref
from okrsync.plan import block as blocks
from okrsync.plan.values import Action
from okrsync.plan.wanted import Known
from tests.unit.plan.samples import CYCLE, PLACEMENT, World, objective

SLUGS = ("alpha", "beta", "gamma", "delta")
WORDS = st.text("abcdefgh äöü-*_", min_size=1, max_size=30).map(lambda text: text.strip() or "x")
NUMBERS = st.floats(-1000, 1000).map(lambda number: round(number, 3))


class Syncing(RuleBasedStateMachine):
    """Documents and an obedient tracker, edited at random; documents decide."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(*(objective(slug) for slug in SLUGS))
        self.notes: dict[Ref, str] = {}
        self.unsynced = True

    @rule(slug=st.sampled_from(SLUGS), title=WORDS, why=WORDS, days=st.integers(0, 60))
    def rewrite(self, slug: str, title: str, why: str, days: int) -> None:
        self.world.rewrite(slug, title=title, why=why, due=date(2026, 12, 31) - timedelta(days))
        self.unsynced = True

    @rule(slug=st.sampled_from(SLUGS), number=NUMBERS)
    def retarget(self, slug: str, number: float) -> None:
        whole = next(each for each in self.world.objectives if each.ref.objective == slug)
        (key_result,) = whole.key_results
        if number != key_result.baseline:
            self.world.rewrite(slug, key_results=(replace(key_result, target=number),))
        self.unsynced = True

    @rule(child=st.integers(0, 3), parent=st.integers(0, 3))
    def align(self, child: int, parent: int) -> None:
        targets = (Ref(CYCLE, SLUGS[parent]),) if parent < child else ()
        self.world.rewrite(SLUGS[child], aligns_to=targets)
        self.unsynced = True

    @rule(slug=st.sampled_from(SLUGS), stage=st.sampled_from(Stage))
    def move_on(self, slug: str, stage: Stage) -> None:
        self.world.rewrite(slug, stage=stage)
        self.unsynced = True

    @rule(slug=st.sampled_from(SLUGS), value=NUMBERS)
    def measure(self, slug: str, value: float) -> None:
        self.world.known[Ref(CYCLE, slug, "kr1")] = Known(current=value)
        self.unsynced = True

    @precondition(lambda self: self.world.items)
    @rule(data=st.data(), title=WORDS, note=WORDS)
    def people_work_in_the_tracker(self, data: st.DataObject, title: str, note: str) -> None:
        ref = data.draw(st.sampled_from(sorted(self.world.items)))
        text = self.world.items[ref].description
        self.notes[ref] = note
        block = blocks.find(text, PLACEMENT.markup) or ""
        self.world.edit(ref, title=title, description=f"{block}\n\n{note}")
        self.unsynced = True

    @rule()
    def lose_the_cache(self) -> None:
        self.world.forget()

    @rule()
    def sync(self) -> None:
        before = len(self.world.items)
        plan = self.world.sync()
        made = sum(1 for change in plan.changes if change.action is Action.CREATE)
        assert len(self.world.items) == before + made
        self.unsynced = False

    @invariant()
    def a_second_plan_is_empty(self) -> None:
        if not self.unsynced:
            assert self.world.plan().changes == ()

    @invariant()
    def a_plan_is_a_value(self) -> None:
        assert self.world.plan().digest == self.world.plan().digest

    @invariant()
    def the_notes_of_people_stay(self) -> None:
        for ref, note in self.notes.items():
            assert self.world.items[ref].description.endswith(f"\n\n{note}")


TestSyncing = Syncing.TestCase
TestSyncing.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
