"""A small company on servers in memory: real documents, a real cache, and an engine that may die at any call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from okrsync.documents import Documents, load
from okrsync.domain.cycle import parse_cycle
from okrsync.domain.ref import Marker, Ref
from okrsync.engine.engine import Engine
from okrsync.engine.inputs import Inputs
from okrsync.engine.moments import Uptime
from okrsync.engine.outcome import Outcome
from okrsync.engine.placements import Atlas
from okrsync.engine.pool import TrackerPool
from okrsync.plan.snapshot import Tolerance
from okrsync.practice.check_in_rules import People
from okrsync.settings import Settings
from okrsync.store.cache import Cache
from okrsync.testing import MemoryServer, MemoryTracker, memory_context
from okrsync.testing.memory.records import StoredItem
from okrsync.trackers.errors import NotFound
from okrsync.trackers.interface import TrackerType
from okrsync.trackers.retry import RetryPolicy
from okrsync.trackers.values import Capabilities, Markup, Reading, RemoteItem, Scope

T = TypeVar("T")
CYCLE = "2026-Q4"
START = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)
FIELDS = {"baseline": "KR baseline", "target": "KR target", "current": "KR current", "progress": "OKR progress"}
JIRA = {"fields_with_item": True, "native_links": True, "markup": Markup.WIKI}
GITHUB = {
    "fields_with_item": False,
    "native_links": False,
    "due_on_key_results": False,
    "markup": Markup.MARKDOWN,
    "incremental": False,
}


class Died(BaseException):
    """The process ended here, as by SIGKILL."""


class Everywhere(MemoryTracker):
    """Reads and looks for markers in all projects, as a search in Jira does."""

    def read(self, scopes: Sequence[Scope], since: str | None = None, markers: Sequence[str] = ()) -> Reading:
        named = {scope.project for scope in scopes}
        others = [project for project in self.server.projects if project not in named]
        return super().read([*scopes, *(replace(scopes[0], project=project) for project in others)], since, markers)

    def find(self, scope: Scope, markers: Sequence[str], *, sure: bool = False) -> tuple[RemoteItem, ...]:
        projects = dict.fromkeys((scope.project, *self.server.projects))
        scopes = [replace(scope, project=project) for project in projects]
        found = [super(Everywhere, self).find(each, markers, sure=sure) for each in scopes]
        return tuple(item for items in found for item in items)


class Time:
    """What time it really is, what our machine's clock says, and how long the machine has been up."""

    def __init__(self) -> None:
        self.passed = timedelta(0)
        self.wrong_by = timedelta(0)
        self.passes: list[Callable[[], None]] = []
        """Called before time passes."""

    def really(self) -> datetime:
        return START + self.passed

    def ours(self) -> datetime:
        return self.really() + self.wrong_by

    def sleep(self, seconds: float) -> None:
        for each in self.passes:
            each()
        self.passed += timedelta(seconds=seconds)


class Patience(threading.Event):
    """A stop signal that nobody gives, whose waits take no time but the world's own."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self._time = time

    def wait(self, timeout: float | None = None) -> bool:
        self._time.sleep(timeout or 0.0)
        return self.is_set()


class Server(MemoryServer):
    """A server that may hide whole projects, and whose lists may be empty, lack rows, or show what was a while ago."""

    def __init__(self, project: str, time: Time, lag: timedelta, unique_titles: bool) -> None:
        super().__init__([project], now=time.really, lag=lag, unique_titles=unique_titles)
        self.shows_the_past = False
        """Whether lists show items as they were `lag` ago, and not only lack those that are younger."""
        self._past: dict[str, list[tuple[datetime, StoredItem | None]]] = {}
        time.passes.append(self._remember)
        self.hidden: set[str] = set()
        self.lists_nothing = False
        self.forgets_rows: set[str] = set()
        """Ids of items that the next list lacks."""

    def answer(self, method: str, token: str, act: Callable[[], T]) -> T:
        self._remember()
        try:
            return super().answer(method, token, act)
        finally:
            self._remember()

    def _remember(self) -> None:
        for item in self.items.values() if self.shows_the_past else ():
            past = self._past.setdefault(item.at.id, [])
            if not past or past[-1][1] != item:
                past.append((item.updated, deepcopy(item)))
        for past in self._past.values():
            if past[-1][1] and past[-1][1].at.id not in self.items:
                past.append((self.now(), None))

    def _as_was(self, project: str) -> list[StoredItem]:
        then = self.now() - self.lag
        found = []
        for past in self._past.values():
            shown = next((item for at, item in reversed(past) if at <= then), None)
            if shown and shown.at.project == project:
                found.append(shown)
        return found

    def present(self, project: str) -> list[StoredItem]:
        return [] if project in self.hidden else super().present(project)

    def visible(self, project: str) -> list[StoredItem]:
        found = super().visible(project)
        if self.lists_nothing or project in self.hidden:
            return []
        if self.shows_the_past:
            found = self._as_was(project)
        forgotten, self.forgets_rows = self.forgets_rows, set()
        return [each for each in found if each.at.id not in forgotten]

    def get(self, key: str) -> StoredItem:
        found = super().get(key)
        if found.at.project in self.hidden:
            raise NotFound(f"there is no item {key!r}")
        return found

    def move(self, item_id: str, project: str) -> None:
        """Somebody moves an item to another project."""
        item = self.items[item_id]
        home = self.projects[project]
        home.last_number += 1
        key = f"{project}-{home.last_number}"
        item.at = type(item.at)(project, item.at.id, key, f"{self.url}/{key}")
        self.touch(item)


@dataclass
class KeyResultText:
    """A key result as its document has it."""

    id: str
    title: str
    target: float = 1.5
    measure: str = '{ from = "field" }'


@dataclass
class ObjectiveText:
    """An objective as its document has it."""

    id: str
    title: str
    why: str = "Half of our visitors leave while they wait."
    due: str | None = None
    stage: str = "committed"
    aligns_to: tuple[str, ...] = ()
    key_results: list[KeyResultText] = field(default_factory=list)

    def toml(self) -> str:
        lines = ["[[objectives]]", f'id = "{self.id}"', f'title = "{self.title}"', f'why = "{self.why}"']
        lines += [f'stage = "{self.stage}"'] if self.stage != "committed" else []
        lines += [f"due = {self.due}"] if self.due else []
        if self.aligns_to:
            lines.append(f"aligns_to = [{', '.join(repr(each) for each in self.aligns_to)}]".replace("'", '"'))
        for each in self.key_results:
            lines += ["[[objectives.key_results]]", f'id = "{each.id}"', f'title = "{each.title}"', "baseline = 4.0"]
            lines += [f"target = {each.target}", 'unit = "s"', f"measure = {each.measure}"]
        return "\n".join([*lines, ""])


@dataclass
class Home:
    """One team's tracker and project."""

    team: str
    tracker: str
    project: str
    style: Mapping[str, Any]
    server: Server
    mapping: dict[str, Any]


class World:
    """Teams with documents, trackers in memory, and a cache in `folder`.

    `homes` are (team, tracker, project, style): teams with the same tracker share its server.
    """

    def __init__(
        self,
        folder: Path,
        homes: tuple[tuple[str, str, str, Mapping[str, Any]], ...] = (("alpha", "work", "PLAT", JIRA),),
        *,
        authority: str = "documents",
        lag: float = 0.0,
        settle_after: float = 0.0,
        search_lag: float = 0.0,
        **mapping: Any,
    ) -> None:
        self.folder = folder
        self.time = Time()
        self.settle_after = settle_after
        self.search_lag = search_lag
        self.cache_path = folder / "okrsync.db"
        self._loaded: tuple[dict[Path, bytes], Documents] | None = None
        self.homes: dict[str, Home] = {}
        self.servers: dict[str, Server] = {}
        self.objectives: dict[str, dict[str, ObjectiveText]] = {}
        self.at_commit: Callable[[str], None] = lambda _when: None
        """Called before and after every commit of the cache."""
        self.people = People()
        """Whom the settings know."""
        self.boot = "morning"
        """Names the last start of our machine."""
        for team, tracker, project, style in homes:
            if tracker not in self.servers:
                unique = not style["fields_with_item"]
                self.servers[tracker] = Server(project, self.time, timedelta(seconds=lag), unique)
                self.servers[tracker]._last_id = 10_000 * len(self.servers)
                self.servers[tracker].shows_the_past = search_lag > 0
            elif project not in self.servers[tracker].projects:
                self.servers[tracker].add_project(project)
            self.objectives[team] = {}
            self.homes[team] = Home(
                team,
                tracker,
                project,
                style,
                self.servers[tracker],
                {
                    "match": {"team": team},
                    "tracker": tracker,
                    "project": project,
                    "objectives": {"as": "epic"},
                    "fields": FIELDS,
                    "authority": authority,
                    **mapping,
                },
            )
        (folder / "okrs").mkdir(parents=True, exist_ok=True)

    @property
    def server(self) -> Server:
        """The only server, or the first."""
        return next(iter(self.servers.values()))

    # Documents

    def add(self, slug: str, team: str = "alpha", *, key_results: int = 1, measure: str = "", **keys: Any) -> Ref:
        """Somebody writes an objective."""
        text = ObjectiveText(slug, keys.pop("title", f"Make {slug} feel instant"), **keys)
        for number in range(1, key_results + 1):
            text.key_results.append(KeyResultText(f"kr{number}", f"Cut step {number} of {slug} from 4.0 s to 1.5 s"))
            if measure:
                text.key_results[-1].measure = measure
        self.objectives[team][slug] = text
        self.write(team)
        return Ref(CYCLE, slug)

    def edit(self, slug: str, **keys: Any) -> None:
        """Somebody changes an objective in its document."""
        team = self.team_of(slug)
        for name, value in keys.items():
            setattr(self.objectives[team][slug], name, value)
        self.write(team)

    def remove(self, slug: str) -> None:
        """Somebody takes an objective out of its document."""
        team = self.team_of(slug)
        del self.objectives[team][slug]
        self.write(team)

    def team_of(self, slug: str) -> str:
        return next(team for team, texts in self.objectives.items() if slug in texts)

    def document(self, team: str) -> Path:
        return self.folder / "okrs" / f"{team}.toml"

    def write(self, team: str) -> None:
        head = f'# Kept by {team}.\ncycle = "{CYCLE}"\nlevel = "team"\nteam = "{team}"\nowner = "dana"\n\n'
        self.document(team).write_text(head + "\n".join(each.toml() for each in self.objectives[team].values()))

    def documents(self) -> str:
        """Every document as it stands."""
        return "\n".join(self.document(team).read_text() for team in self.homes if self.document(team).exists())

    def load(self) -> Documents:
        """Read the documents as a command does, and only once while they stay as they are."""
        found = {path: path.read_bytes() for path in sorted((self.folder / "okrs").rglob("*.toml"))}
        if self._loaded is None or self._loaded[0] != found:
            self._loaded = found, load(self.folder / "okrs", self.folder)
        return self._loaded[1]

    # Runs

    def kinds(self) -> dict[str, TrackerType]:
        kinds: dict[str, TrackerType] = {}
        for home in self.homes.values():
            style = {key: value for key, value in home.style.items() if key != "incremental"}
            capabilities = Capabilities(
                **{
                    "objective_forms": frozenset({"epic"}),
                    "key_result_forms": frozenset({"issues", "fields"}),
                    "due_on_key_results": True,
                    "settle_after": self.settle_after,
                    "search_lag": self.search_lag,
                    **style,
                }
            )
            kinds[home.tracker] = TrackerType("memory", "", lambda _: None, capabilities)  # type: ignore[arg-type,return-value]
        return kinds

    def settings(self) -> Settings:
        return Settings.model_validate(
            {
                "workspace": "acme",
                "trackers": {name: {"type": "memory", "token": {"env": "TOKEN"}} for name in self.servers},
                "mappings": [home.mapping for home in self.homes.values()],
            }
        )

    def open_cache(self) -> Cache:
        cache = Cache.open(self.cache_path, "acme", clock=self.time.ours)
        session = cache._writing
        session.db.execute("pragma synchronous = off")  # Who dies here takes no power cut along.
        write, commit = session.write, session.db.commit

        def writes(sql: str, parameters: Any = ()) -> Any:
            if session.in_transaction:
                return write(sql, parameters)
            self.at_commit("before")
            done = write(sql, parameters)
            self.at_commit("after")
            return done

        def commits() -> None:
            self.at_commit("before")
            commit()
            self.at_commit("after")

        session.write, session.db.commit = writes, commits  # type: ignore[method-assign]
        return cache

    def open_tracker(self, name: str) -> MemoryTracker:
        home = next(home for home in self.homes.values() if home.tracker == name)
        policy = RetryPolicy(attempts=2, first_wait=0.0, longest_wait=0.0, stop=Patience(self.time))
        context = memory_context(name=name, policy=policy)
        kind = Everywhere if home.style["fields_with_item"] else MemoryTracker
        waits = {"settle_after": self.settle_after, "search_lag": self.search_lag}
        return kind(context, home.server, **waits, **home.style)

    def run(self, verb: str | Callable[..., Any], **options: Any) -> Any:
        """Run `plan`, `pull` or `sync`, or what takes an engine's inputs, as a process of its own."""
        documents = self.load()
        settings = self.settings()
        with self.open_cache() as cache:
            inputs = Inputs(
                workspace="acme",
                root=self.folder,
                okrs=documents.okrs,
                cycle=parse_cycle(CYCLE),
                atlas=Atlas(settings, self.kinds(), documents.okrs),
                pool=TrackerPool(self.open_tracker),
                cache=cache,
                clock=self.time.ours,
                tolerance=Tolerance(),
                check_in_period=timedelta(days=7),
                people=self.people,
                documents={shown: file.digest for shown, file in documents.files.items()},
                uptime=lambda: Uptime(self.boot, self.time.passed.total_seconds()),
                stop=Patience(self.time),
            )
            return getattr(Engine(inputs), verb)(**options) if isinstance(verb, str) else verb(inputs, **options)

    def sync(self, **options: Any) -> Outcome:
        return self.run("sync", **options)  # type: ignore[no-any-return]

    def lose_cache(self) -> None:
        for path in self.folder.glob("okrsync.db*"):
            path.unlink()

    # What is there

    def items(self, ref: Ref) -> list[StoredItem]:
        """The items that carry the marker of `ref`, on every server."""
        marker = str(Marker("acme", ref))
        return [each for server in self.servers.values() for each in server.items.values() if marker in each.markers]

    def item(self, ref: Ref) -> StoredItem:
        (found,) = self.items(ref)
        return found

    @property
    def writes(self) -> int:
        return sum(server.writes for server in self.servers.values())

    def observed(self, ref: Ref) -> list[float | None]:
        """The values that the cache says `ref` took."""
        with self.open_cache() as cache:
            return [each.value for each in cache.observations.history(ref)]

    def open_intents(self) -> int:
        with self.open_cache() as cache:
            return cache.outbox.count_open()


def planned(outcome: Outcome) -> list[tuple[str, str, str | None]]:
    """Action, local reference and field of everything that was done."""
    return [(str(each.action), each.ref.local, each.field) for each in outcome.done]


def held(outcome: Outcome) -> list[tuple[str, str, str | None]]:
    """Action, local reference and field of everything that waits for a person."""
    return [(str(each.action), each.ref.local, each.field) for each in outcome.held]
