"""People edit documents and trackers, servers fail, processes die, clocks are set: the sync never hurts.

`OKRSYNC_ENGINE_EXAMPLES` says how many lives of a company are tried.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from okrsync.domain.ref import Marker, Ref
from okrsync.engine.outcome import ExitCode, Outcome
from okrsync.plan.values import Action
from okrsync.store.values import CheckIn
from okrsync.testing.memory.records import StoredItem
from okrsync.testing.memory.server import WRITES
from okrsync.trackers.errors import AuthFailed, Conflict, Misconfigured, NotFound, Rejected, TrackerError, Transient
from tests.unit.engine.world import CYCLE, GITHUB, JIRA, Died, ObjectiveText, World, held

EXAMPLES = int(os.environ.get("OKRSYNC_ENGINE_EXAMPLES", "200"))
FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
SLUGS = ("apple", "birch", "cedar", "dogwood")
TEAMS = ("alpha", "beta")
READS = ("read", "find", "item", "check", "children", "login")
CALLS = (*READS, *sorted(WRITES), "read", "find", "create", "create", "update", "write_fields")
WORDS = st.text("abc äö-*_{}", min_size=1, max_size=12).map(lambda text: " ".join(text.split()) or "x")
REASONS = st.text("abc äö", min_size=1, max_size=12).map(lambda text: " ".join(text.split()) or "x")
"""Without the characters of markup, which trackers add and take away: they alone make no other text."""
DAYS = st.sampled_from([date(2026, 10, 1), date(2026, 11, 30), date(2026, 12, 31)])
SURROUNDINGS = st.sampled_from(
    [
        # homes, and seconds: how long searches lag, requests may go on unheard, and searches may show what was
        ((("alpha", "work", "PLAT", JIRA), ("beta", "work", "WEB", JIRA)), 0.0, 0.0, 0.0),
        ((("alpha", "work", "PLAT", JIRA), ("beta", "work", "PLAT", JIRA)), 600.0, 660.0, 0.0),
        ((("alpha", "work", "PLAT", JIRA), ("beta", "work", "WEB", JIRA)), 600.0, 15.0, 660.0),
        ((("alpha", "work", "PLAT", JIRA), ("beta", "code", "WEB", GITHUB)), 90.0, 120.0, 0.0),
        ((("alpha", "work", "PLAT", GITHUB), ("beta", "work", "WEB", GITHUB)), 0.0, 12.0, 0.0),
    ]
)
FAULTS: tuple[Callable[[], TrackerError], ...] = (
    lambda: Transient("the connection broke off"),
    lambda: Transient("too many requests", retry_after=3600.0, acted=False),
    lambda: Transient("bad gateway", acted=None),
    lambda: AuthFailed("the token has expired"),
    lambda: Rejected("the workflow says no"),
    lambda: Conflict("somebody else was faster"),
    lambda: Misconfigured("there is no such field"),
    lambda: NotFound("nothing is there"),
)


class Company(RuleBasedStateMachine):
    """Two teams, their documents and their trackers."""

    @initialize(
        surroundings=SURROUNDINGS,
        authority=st.sampled_from(["documents", "tracker", "both"]),
        manual=st.booleans(),
        synced=st.booleans(),
    )
    def found(self, surroundings: Any, authority: str, manual: bool, synced: bool) -> None:
        homes, lag, settle_after, search_lag = surroundings
        self.sure = max(settle_after, search_lag)
        self.folder = Path(tempfile.mkdtemp(dir=FOLDER))
        self.world = World(
            self.folder, homes, authority=authority, lag=lag, settle_after=settle_after, search_lag=search_lag
        )
        self.authority = authority
        self.count = 0
        self.entered: set[float] = set()
        self.notes: dict[str, list[str]] = {}
        self.copies: set[str] = set()
        self.needs_the_cache = False
        self.teams: dict[str, str] = {}
        for server in self.world.servers.values():
            server.add_project("ELSE")
        self.world.write("alpha")
        self.write_objective("apple", "beta", 1, manual)
        self.write_objective("birch", "alpha", 2, manual)
        self.align(1, 0, False)
        if synced:
            self.world.sync()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            try:
                self.come_to_rest()
            finally:
                shutil.rmtree(self.folder)

    # Documents

    @rule(slug=st.sampled_from(SLUGS), team=st.sampled_from(TEAMS), krs=st.integers(0, 2), manual=st.booleans())
    def write_objective(self, slug: str, team: str, krs: int, manual: bool) -> None:
        if self.text(slug) is None:
            before = self.teams.setdefault(slug, team)
            items = [item for ref in (Ref(CYCLE, slug), Ref(CYCLE, slug, "kr1")) for item in self.world.items(ref)]
            same_tracker = self.world.homes[before].tracker == self.world.homes[team].tracker
            if before != team and items and not (same_tracker and all(map(self.finds_everywhere, items))):
                # Without the cache nobody would look for it where no objective is any more.
                team = team if all(map(self.is_linked, items)) else before
                self.needs_the_cache |= team != before
            self.teams[slug] = team
            self.world.add(slug, team, key_results=krs, measure='{ from = "manual" }' if manual else "")

    @rule(slug=st.sampled_from(SLUGS), words=WORDS, why=REASONS, due=st.none() | DAYS)
    def rewrite_objective(self, slug: str, words: str, why: str, due: date | None) -> None:
        if self.text(slug):
            self.world.edit(slug, title=f"{slug} {words}", why=why, due=due.isoformat() if due else None)

    @rule(slug=st.sampled_from(SLUGS), stage=st.sampled_from(["draft", "committed", "committed", "closed"]))
    def move_objective_on(self, slug: str, stage: str) -> None:
        if self.text(slug):
            self.world.edit(slug, stage=stage)

    @rule(child=st.integers(1, 3), parent=st.integers(0, 2), kr=st.booleans())
    def align(self, child: int, parent: int, kr: bool) -> None:
        below, above = self.text(SLUGS[child]), self.text(SLUGS[parent])
        if below:
            target = f"{SLUGS[parent]}/kr1" if kr and above and above.key_results else SLUGS[parent]
            self.world.edit(SLUGS[child], aligns_to=(target,) if above and parent < child else ())

    @rule(slug=st.sampled_from(SLUGS), goal=st.sampled_from([1.0, 1.5, 2.0]), words=WORDS)
    def rewrite_key_result(self, slug: str, goal: float, words: str) -> None:
        text = self.text(slug)
        if text and text.key_results:
            text.key_results[0].target, text.key_results[0].title = goal, f"{slug} kr {words}"
            self.world.edit(slug)

    @precondition(lambda self: not self.in_the_dark)
    @rule(slug=st.sampled_from(SLUGS))
    def remove_objective(self, slug: str) -> None:
        if self.text(slug):
            for other in SLUGS:
                if (text := self.text(other)) and any(each.split("/")[0] == slug for each in text.aligns_to):
                    self.world.edit(other, aligns_to=())
            self.world.remove(slug)

    # The tracker

    @rule(data=st.data(), words=WORDS)
    def rename(self, data: st.DataObject, words: str) -> None:
        if item := self.some_item(data):
            self.people(lambda people: people.edit(item.at, title=f"{item.at.id} {words}"))

    @rule(data=st.data(), due=st.none() | DAYS | st.just(date(2027, 3, 1)))
    def set_due(self, data: st.DataObject, due: date | None) -> None:
        if (item := self.some_item(data)) and item.kind.value == "objective":
            self.people(lambda people: people.edit(item.at, due=due))

    @rule(data=st.data(), words=WORDS, below=st.booleans())
    def write_notes(self, data: st.DataObject, words: str, below: bool) -> None:
        if item := self.some_item(data):
            self.count += 1
            note = f"note {self.count}: {words}"
            text = f"{item.description}\n\n{note}" if below else f"{note}\n\n{item.description}"
            if self.people(lambda people: people.edit(item.at, description=text)):
                self.notes.setdefault(item.at.id, []).append(note)

    @rule(data=st.data())
    def empty_description(self, data: st.DataObject) -> None:
        if (item := self.some_item(data)) and self.people(lambda people: people.edit(item.at, description="")):
            self.notes.pop(item.at.id, None)

    @rule(data=st.data(), value=st.sampled_from([None, 4.0, 3.5, 3.0, 2.5, 2.0]))
    def type_value(self, data: st.DataObject, value: float | None) -> None:
        if (item := self.some_item(data)) and item.kind.value == "key_result":
            self.people(lambda people: people.set_field(item.at, "KR current", value))
            self.entered |= {value} - {None}  # type: ignore[arg-type]

    @rule(slug=st.sampled_from(SLUGS), value=st.sampled_from([None, 3.9, 3.4, 2.9, 2.4]))
    def check_in(self, slug: str, value: float | None) -> None:
        text = self.text(slug)
        if text and text.key_results and "manual" in text.key_results[0].measure:
            self.world.time.sleep(60)
            with self.world.open_cache() as cache:
                cache.check_ins.add(CheckIn(Ref(CYCLE, slug, "kr1"), self.world.time.ours(), "dana", value))
            self.entered |= {value} - {None}  # type: ignore[arg-type]

    @rule(data=st.data(), closed=st.booleans())
    def close_or_reopen(self, data: st.DataObject, closed: bool) -> None:
        if item := self.some_item(data):
            self.people(lambda people: (people.close if closed else people.reopen)(item.at))

    @precondition(lambda self: not self.in_the_dark)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        if item := self.some_item(data):
            self.people(lambda people: people.delete(item.at))

    @rule(data=st.data())
    def clone(self, data: st.DataObject) -> None:
        if item := self.some_item(data):
            for copy in self.people(lambda people: people.clone(item.at)):
                self.copies.add(copy.id)
                self.notes[copy.id] = list(self.notes.get(item.at.id, []))

    @precondition(lambda self: not self.in_the_dark)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        item = self.some_item(data)
        if item and (self.finds_everywhere(item) or self.is_linked(item)):
            self.server_of(item).move(item.at.id, "ELSE")
            # Without the cache nobody would look for it in a project that no mapping names.
            self.needs_the_cache |= not self.finds_everywhere(item)

    @rule(data=st.data())
    def strip_marker(self, data: st.DataObject) -> None:
        item = self.some_item(data)
        if item and item.markers and (self.finds_everywhere(item) or self.is_linked(item)):
            self.people(lambda people: people.remove_marker(item.at, item.markers[0]))
            # Without the cache it is a stranger's, and has the title that ours should have.
            self.needs_the_cache |= not self.finds_everywhere(item)

    # What goes wrong

    @rule(
        data=st.data(),
        call=st.sampled_from(CALLS),
        fault=st.sampled_from(FAULTS),
        skip=st.sampled_from([0, 0, 1, 3]),
        times=st.sampled_from([1, 3]),
        after=st.booleans(),
    )
    def fail(
        self, data: st.DataObject, call: str, fault: Callable[[], TrackerError], skip: int, times: int, after: bool
    ) -> None:
        error = fault()
        if isinstance(error, NotFound) and call == "item":
            return  # That would say that the item is gone, and who says so wrongly cannot be helped.
        lost = isinstance(error, Transient) and error.acted is None
        server = data.draw(st.sampled_from(list(self.world.servers.values())))
        server.fail(call, error, times=times, after_acting=after and lost, skip=skip)
        self.run_and_survive("sync")

    @rule(data=st.data(), call=st.sampled_from(CALLS), skip=st.integers(0, 3), after=st.booleans())
    def die_at_a_call(self, data: st.DataObject, call: str, skip: int, after: bool) -> None:
        server = data.draw(st.sampled_from(list(self.world.servers.values())))
        server.fail(call, Died(), after_acting=after, skip=skip)
        self.run_and_survive("sync")

    @rule(number=st.integers(1, 40))
    def die_at_a_commit(self, number: int) -> None:
        left = number

        def moment(_when: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Died

        self.world.at_commit = moment
        try:
            self.run_and_survive("sync")
        finally:
            self.world.at_commit = lambda _when: None

    @rule(days=st.sampled_from([-1, 0, 0, 1]))
    def set_the_clock(self, days: int) -> None:
        self.world.time.wrong_by = timedelta(days=days)

    @rule(seconds=st.sampled_from([1, 30, 90, 300, 700]))
    def let_time_pass(self, seconds: int) -> None:
        self.world.time.sleep(seconds)

    @precondition(lambda self: not self.in_the_dark and not self.needs_the_cache)
    @rule()
    def lose_the_cache(self) -> None:
        self.world.lose_cache()

    @rule(data=st.data(), how=st.sampled_from(["hidden", "lists_nothing", "light"]))
    def change_what_is_shown(self, data: st.DataObject, how: str) -> None:
        if how == "light":
            self.show_everything()
            return
        server = data.draw(st.sampled_from(list(self.world.servers.values())))
        known = [home.project for home in self.world.homes.values() if home.server is server]
        if not all(self.has_links_in(server, project) for project in known):
            return  # Nobody can tell an empty project from one that hides everything.
        if how == "hidden":
            server.hidden |= {*known, "ELSE"}
        else:
            server.lists_nothing = True

    @rule(data=st.data())
    def lose_rows_between_pages(self, data: st.DataObject) -> None:
        if item := self.some_item(data):
            self.server_of(item).forgets_rows = {item.at.id}

    # Runs

    @rule()
    def sync(self) -> None:
        self.run_and_survive("sync")

    @rule()
    def sync_twice(self) -> None:
        self.run_and_survive("sync")
        self.run_and_survive("sync")

    @rule(pause=st.sampled_from([60, 700]))
    def sync_after_a_while(self, pause: int) -> None:
        self.world.time.sleep(pause)
        self.run_and_survive("sync")

    @rule(verb=st.sampled_from(["pull", "plan"]))
    def look(self, verb: str) -> None:
        self.run_and_survive(verb)

    @rule()
    def apply_a_reviewed_plan(self) -> None:
        if self.in_the_dark or any(each._faults or each.forgets_rows for each in self.servers):
            return
        planned = self.run_and_survive("plan")
        if planned is not None and not planned.failures:
            outcome = self.world.sync(expect=planned.plan.digest)
            assert [each.to_json() for each in outcome.done] == [each.to_json() for each in planned.plan.changes]

    def run_and_survive(self, verb: str) -> Outcome | None:
        documents, before = self.world.documents(), self.world.writes
        outcome = None
        with suppress(Died):
            outcome = self.world.run(verb)
        if verb != "sync":
            assert self.world.writes == before
        if verb != "sync" or self.authority == "documents":
            assert self.world.documents() == documents
        self.read_documents()
        self.see_that_nobody_is_hurt()
        return outcome

    @rule()
    def rest(self) -> None:
        self.come_to_rest()

    def come_to_rest(self) -> None:
        """Once everything works again, it is done after a few syncs, and then nothing is written any more."""
        self.show_everything()
        for server in self.servers:
            server.heal()
        for _ in range(8):
            self.world.time.sleep(self.sure + 1)
            missed = self.missed()
            outcome = self.world.sync()
            if self.missed() != missed:
                # What is not found for the first time waits for the next sync.
                continue
            emptied = any(each.action is Action.CREATE for each in outcome.held)
            if emptied and self.needs_the_cache:
                return
            if emptied:
                # Somebody who knows that all was deleted on purpose does as they are told.
                with self.world.open_cache() as cache:
                    cache.clear_for_rebuild()
                self.world.run("pull")
            elif not outcome.done and not outcome.failures:
                break
        assert not outcome.failures and not outcome.done, [*map(str, outcome.failures), *map(str, outcome.done)]
        self.read_documents()
        documents, before = self.world.documents(), self.world.writes
        again = self.world.sync()
        assert again.exit_code is (ExitCode.HELD if outcome.held else ExitCode.DONE)
        assert again.done == () and self.world.writes == before and self.world.documents() == documents
        assert held(again) == held(outcome)
        assert self.world.open_intents() == 0
        self.see_that_nobody_is_hurt()
        self.see_that_both_sides_agree({each.ref for each in again.held})

    def missed(self) -> frozenset[Ref]:
        with self.world.open_cache() as cache:
            return cache.links.missed()

    # What has to be

    def see_that_nobody_is_hurt(self) -> None:
        seen: dict[str, str] = {}
        for server in self.servers:
            for item in server.items.values():
                for note in self.notes.get(item.at.id, []):
                    assert note in item.description, f"{item.at.key} lost what somebody wrote"
                current, progress = item.fields.get("KR current"), item.fields.get("OKR progress")
                assert current in {None, *self.entered}, f"{item.at.key} holds a number that nobody entered"
                assert progress is None or self.entered, f"{item.at.key} shows progress that nobody can know"
                for marker in item.markers if item.at.id not in self.copies else ():
                    assert marker not in seen, f"{item.at.key} and {seen[marker]} are both {marker}"
                    seen[marker] = item.at.key
        with self.world.open_cache() as cache:
            values = [each for history in cache.observations.histories().values() for each in history]
        assert {each.value for each in values} <= self.entered, "a value that nobody entered"

    def see_that_both_sides_agree(self, waiting: set[Ref]) -> None:
        for texts in self.world.objectives.values():
            for text in texts.values():
                ref = Ref(CYCLE, text.id)
                made = [each for each in self.world.items(ref) if each.at.id not in self.copies]
                if ref in waiting or (text.stage != "committed" and not made):
                    continue
                assert made or self.world.items(ref), f"{ref} is not in its tracker"
                if made and self.authority == "documents":
                    assert made[0].title == text.title
                    assert text.why in made[0].description
                    assert made[0].closed or text.stage != "closed"

    # Looking around

    @property
    def servers(self) -> list[Any]:
        return list(self.world.servers.values())

    @property
    def in_the_dark(self) -> bool:
        return any(each.hidden or each.lists_nothing for each in self.servers)

    def show_everything(self) -> None:
        for server in self.servers:
            server.hidden, server.lists_nothing, server.forgets_rows = set(), False, set()

    def text(self, slug: str) -> ObjectiveText | None:
        return next((texts[slug] for texts in self.world.objectives.values() if slug in texts), None)

    def some_item(self, data: st.DataObject) -> StoredItem | None:
        found = [item for server in self.servers for item in server.items.values()]
        return data.draw(st.sampled_from(found)) if found else None

    def server_of(self, item: StoredItem) -> Any:
        return next(each for each in self.servers if each.items.get(item.at.id) is item)

    def people(self, do: Callable[[Any], Any]) -> list[Any]:
        """Do something in the tracker that has the item; nothing where the tracker refuses it."""
        for server in self.servers:
            try:
                return [do(server.people)]
            except (LookupError, Conflict, Rejected):
                continue
        return []

    def finds_everywhere(self, item: StoredItem) -> bool:
        return all(
            home.style["fields_with_item"] for home in self.world.homes.values() if home.server is self.server_of(item)
        )

    def is_linked(self, item: StoredItem) -> bool:
        with self.world.open_cache() as cache:
            return item.at.id in {link.at.id for link in cache.links.live().values()}

    def has_links_in(self, server: Any, project: str) -> bool:
        refs = [
            each
            for team, home in self.world.homes.items()
            if home.server is server and home.project == project
            for slug in self.world.objectives[team]
            for each in (Ref(CYCLE, slug), Ref(CYCLE, slug, "kr1"), Ref(CYCLE, slug, "kr2"))
        ]
        with self.world.open_cache() as cache:
            links = cache.links.live()
        return any(
            links[ref].at.project == project
            and links[ref].at.id in server.items
            and str(Marker("acme", ref)) in server.items[links[ref].at.id].markers
            for ref in refs
            if ref in links
        )

    def read_documents(self) -> None:
        """What was adopted is what people see in the documents from now on."""
        for objective in self.world.load().okrs.objectives:
            text = self.text(objective.ref.objective)
            assert text is not None
            text.title, text.why = objective.title, objective.why
            if objective.due != date(2026, 12, 31) or text.due:
                text.due = objective.due.isoformat()
            for key_result, written in zip(objective.key_results, text.key_results, strict=True):
                written.title = key_result.title


Company.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestCompany = Company.TestCase
