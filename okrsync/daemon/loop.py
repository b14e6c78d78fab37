"""The daemon's life: it waits, sees whether settings or documents changed, does what is due, and ends when asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from os import getpid

from okrsync.app import Workspace, utc_now
from okrsync.daemon import events
from okrsync.daemon.concerning import concerning
from okrsync.daemon.hearing import heard
from okrsync.daemon.inbox import Hint, Inbox
from okrsync.daemon.jobs import CHECK_INS, RECONCILE, Jobs, Poll, going_on, labels
from okrsync.daemon.notify import ServiceManager
from okrsync.daemon.reminding import due_check_ins
from okrsync.daemon.running import Done, Runner
from okrsync.daemon.schedule import soonest
from okrsync.daemon.standing import last_successes
from okrsync.daemon.state import State, StateFile
from okrsync.daemon.tasks import Ground, Hands
from okrsync.daemon.watching import Look, look
from okrsync.documents.checkout import NoDocuments
from okrsync.problems import Problem, Problems
from okrsync.store.lock import Post, Signature
from okrsync.trackers.retry import Interrupted

LOOK_EVERY = timedelta(seconds=5)
"""How often it looks whether somebody changed settings or documents."""
AGAIN_AFTER = timedelta(seconds=5)
"""When a run is tried again that found another okrsync at work."""
FETCH_AGAIN_AFTER = timedelta(minutes=1)
"""When documents are fetched again that could not be fetched at the start."""


class Daemon:
    """Keeps one workspace up to date until somebody asks it to stop.

    Args:
        load: reads the settings afresh. What it gives has this daemon's `inbox.stop` and `clock`.
        hands: carry runs out.
        wait: waits so many seconds, or until `inbox` has something; the inbox's own way, unless time is played.
    """

    def __init__(
        self,
        load: Callable[[], Workspace],
        inbox: Inbox,
        hands: Hands,
        observers: Iterable[events.Observer] = (),
        *,
        clock: Callable[[], datetime] = utc_now,
        manager: ServiceManager | None = None,
        wait: Callable[[float], None] | None = None,
        look_every: timedelta = LOOK_EVERY,
    ) -> None:
        self._load = load
        self._clock = clock
        self._wait_for = wait or inbox.wait
        self._look_every = look_every
        self._tell = events.Observers((self._keep_pauses, *observers), clock)
        self._seen: Look = {}
        self._confirm = True
        self._again_at: datetime | None = None
        self._told_before = ""
        self.inbox = inbox
        self.manager = manager or ServiceManager({})
        self.state = State()
        """How it stands now; what observes may read it."""
        self._hands = hands
        self._runner = Runner(hands, self.state, self._tell, clock, self.manager.progress)
        self._signature: Signature
        self._ground: Ground
        self._file: StateFile

    @property
    def ground(self) -> Ground:
        """What runs work on now."""
        return self._ground

    def run(self, *, once: bool = False) -> int:
        """Work until somebody asks to stop, or do `once` what is due; the exit code.

        Raises:
            Problems: settings or documents are wrong at the start, so there is nothing to work on.
            CacheTaken: this workspace has a daemon.
            CacheError: the locks or the cache cannot be written.
        """
        workspace = self._load()
        with Post(workspace.settings.cache_file, "daemon", self._clock):
            self._file = StateFile(workspace.settings.cache_file)
            try:
                code = self._begin(workspace, once=once) or self._live(once=once)
            except Interrupted:
                code = 0
            finally:
                self._end()
        return code

    def _begin(self, workspace: Workspace, *, once: bool) -> int:
        kept = self._file.read()
        for name in ("last", "mappings", "paused", "documents"):
            setattr(self.state, name, getattr(kept, name))
        # Nobody is reminded at the start of what nobody was reminded of before.
        self.state.last.setdefault(CHECK_INS, self._clock())
        while True:
            self._seen = look(workspace.settings)
            try:
                if self._fetch(workspace):
                    self._seen = look(workspace.settings, settings_as=self._seen)
                _ = workspace.okrs
                break
            except NoDocuments as error:
                if once:
                    raise
                self._not_fetched(str(error))
                self.manager.status(str(error))
                # It is up, and says why it has nothing to do yet: nobody has to wait for its start.
                self.manager.ready()
                self._rest(self._clock() + FETCH_AGAIN_AFTER)
                if self.inbox.stop.is_set():
                    return 0
                workspace = self._load()
        workspace.check_trackers()
        self.state.remember(last_successes(workspace))
        self._signature = Signature(workspace.doing, getpid(), self._clock())
        self._stand_on(workspace)
        self._tell(events.Started(self._clock(), getpid(), labels(workspace.settings)))
        self.manager.ready()
        return 0

    def _live(self, *, once: bool) -> int:
        code = 0
        while not self.inbox.stop.is_set():
            self._reload_if_changed()
            code = self._do_due(everything=once)
            self._file.keep(self.state)
            if once:
                break
            self._wait()
        return code if once else 0

    def _end(self) -> None:
        self.manager.stopping()
        if hasattr(self, "_ground"):
            self._tell(events.Stopping(self._clock(), "asked to stop" if self.inbox.stop.is_set() else "done"))
            self._hands.forget()
            self._file.keep(self.state)

    # What is due

    def _do_due(self, *, everything: bool = False) -> int:
        ground, now = self._ground, self._clock()
        if self._again_at is not None and now < self._again_at:
            return 0
        self._again_at = None
        timetable, polls = ground.jobs.timetable, ground.jobs.polls
        due = set(timetable.due(self.state.last, now)) | ({each.name for each in polls} if everything else set())
        over = {name for name, pause in self.state.paused.items() if pause.until <= now}
        due |= {each.name for each in polls if over & self._trackers_of(each)}
        code = 0
        if self.inbox.take_sync():
            code = self._sync("sync", "asked for", now)
        elif RECONCILE in due:
            # What never changes for a poll is asked for anew: fields, and who we are.
            self._hands.forget()
            code = self._sync(RECONCILE, "on schedule", now)
        elif chosen := [each for each in polls if each.name in due]:
            code = self._poll(chosen, "on schedule", now)
        if hints := self.inbox.take_hints():
            self._poll_hinted(hints)
        if CHECK_INS in due and self._again_at is None:
            self.state.last[CHECK_INS] = now
            self._remind()
        return code

    def _sync(self, kind: str, why: str, now: datetime) -> int:
        self._fetch_and_reload()
        if kind == RECONCILE:
            self._look_back(now)
        done = self._runner.sync(self._ground, kind, why)
        if not self._was_done(done):
            if kind == "sync":
                self.inbox.ask_to_sync()
            return 0
        assert done is not None
        self.state.last |= dict.fromkeys([each.name for each in self._ground.jobs.polls], now)
        if kind == RECONCILE:
            self.state.last[RECONCILE] = now
        self._confirm = False
        return done.exit_code

    def _look_back(self, now: datetime) -> None:
        """What is said and done in a cycle that is over counts until it is closed."""
        workspace = self._ground.workspace
        workspace.forget_the_day()
        for cycle in going_on(workspace.okrs, workspace.settings.named_cycles, workspace.cycle, now.date()):
            if not self.inbox.stop.is_set():
                self._runner.look_back(self._ground, cycle)

    def _poll(self, polls: Sequence[Poll], why: str, now: datetime) -> int:
        self._fetch_and_reload()
        names, together = {each.name for each in polls}, Done()
        for poll in [each for each in self._ground.jobs.polls if each.name in names]:
            done = self._runner.poll(self._ground, poll, why, confirm=self._confirm)
            if not self._was_done(done):
                return together.exit_code
            assert done is not None
            self.state.last[poll.name] = now
            together = together.with_(done)
        if names >= {each.name for each in self._ground.jobs.polls}:
            self._confirm = False
        return self._follow_up(together)

    def _poll_hinted(self, hints: Sequence[Hint]) -> None:
        workspace = self._ground.workspace
        told = heard(hints, workspace.settings, concerning(workspace))
        done = self._runner.poll_hinted(self._ground, told, "told of changes")
        if self._was_done(done):
            assert done is not None
            self._follow_up(done)
        else:
            self.inbox.hint(*hints)

    def _follow_up(self, done: Done) -> int:
        """A sync, where a poll found that there is something to do."""
        if not done.calls_for_a_sync or self.inbox.stop.is_set():
            return done.exit_code
        synced = self._runner.sync(self._ground, "sync", "a poll found something to do")
        return done.exit_code if synced is None else synced.exit_code

    def _was_done(self, done: Done | None) -> bool:
        if done is None:
            self._again_at = self._clock() + AGAIN_AFTER
        return done is not None

    def _remind(self) -> None:
        if refs := due_check_ins(self._ground.workspace, self._clock()):
            self._tell(events.CheckInsDue(self._clock(), refs))

    def _trackers_of(self, poll: Poll) -> set[str]:
        mappings = self._ground.workspace.settings.mappings
        return {mappings[index].tracker for index in poll.mappings}

    # Settings and documents

    def _reload_if_changed(self) -> None:
        asked = self.inbox.take_reload()
        if asked or look(self._ground.workspace.settings) != self._seen:
            self._reload(asked=asked)

    def _fetch_and_reload(self) -> None:
        """Before a run: documents that come from git."""
        if self._fetch(self._ground.workspace):
            self._reload(asked=False)

    def _fetch(self, workspace: Workspace) -> bool:
        """Fetch documents that come from git; whether they changed. The workspace keeps what it has read."""
        apart = Workspace(workspace.settings, stop=self.inbox.stop, warn=self._not_fetched)
        self._told_before, self.state.documents = self.state.documents, ""
        return apart.fetch_documents()

    def _not_fetched(self, why: str) -> None:
        self.state.documents = why
        if why != self._told_before:
            self._tell(events.DocumentsNotFetched(self._clock(), why))

    def _reload(self, *, asked: bool) -> None:
        old = self._ground.workspace
        self._seen = look(old.settings)
        self.manager.reloading()
        try:
            fresh = self._load()
            if fresh.settings.cache_file != old.settings.cache_file:
                found = f"now names {fresh.settings.cache_file}, and the daemon works on {old.settings.cache_file}"
                raise Problems([Problem(fresh.settings.path.name, 0, "cache", found, do="Restart the daemon.")])
            _ = fresh.okrs
            fresh.check_trackers()
        except Problems as wrong:
            self.state.refused = tuple(str(each) for each in wrong.problems)
            self._tell(events.ReloadRefused(self._clock(), tuple(wrong.problems)))
        else:
            self._use(fresh, anew=asked or fresh.settings != old.settings)
        finally:
            self.manager.ready()

    def _use(self, fresh: Workspace, *, anew: bool) -> None:
        if anew:
            self._hands.forget()
        self._stand_on(fresh)
        self._seen = look(fresh.settings)
        self._confirm = True
        self.state.refused = ()
        known = labels(fresh.settings)
        for label in [each for each in self.state.mappings if each not in known]:
            del self.state.mappings[label]
        for name in [each for each in self.state.paused if each not in fresh.settings.trackers]:
            del self.state.paused[name]
        # What changed is looked at now, and not when the next poll would be due.
        for poll in self._ground.jobs.polls:
            self.state.last.pop(poll.name, None)
        self._tell(events.Reloaded(self._clock(), anew))

    def _stand_on(self, workspace: Workspace) -> None:
        workspace.signature = self._signature
        self._ground = Ground(workspace, Jobs.of(workspace.settings))

    # Waiting

    def _wait(self) -> None:
        now = self._clock()
        upcoming = self._ground.jobs.timetable.next(self.state.last, now)
        moments = [*upcoming.values(), *(each.until for each in self.state.paused.values())]
        until = soonest([self._again_at] if self._again_at else moments, now + self._longest)
        self.manager.status(self.state.in_words(upcoming))
        self.manager.progress()
        if until > now and not self.inbox.stop.is_set():
            self._wait_for((until - now).total_seconds())

    def _rest(self, until: datetime) -> None:
        """Do nothing until then, unless asked to stop."""
        while (now := self._clock()) < until and not self.inbox.stop.is_set():
            self.manager.progress()
            self._wait_for(min(until - now, self._longest).total_seconds())

    @property
    def _longest(self) -> timedelta:
        """The longest wait, for there is something to look at or to say in between."""
        if self.manager.watchdog is None:
            return self._look_every
        return min(self._look_every, timedelta(seconds=self.manager.watchdog / 4))

    def _keep_pauses(self, event: events.Event) -> None:
        if isinstance(event, events.Paused):
            self._file.keep(self.state)
