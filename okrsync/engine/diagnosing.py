"""Looking for trouble: files, credentials, the cache and the trackers, each with findings and their remedies.

Nothing is changed, and what goes wrong while it looks is a finding too.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from shlex import join, quote

from okrsync.problems import Problems
from okrsync.settings import Settings
from okrsync.settings.secrets import notifier_secrets, secrets_of, token_of
from okrsync.store.errors import CacheDamaged, CacheError, CacheMissing, CacheNewer, CacheOlder, WrongWorkspace
from okrsync.store.reading import Reader
from okrsync.store.soundness import damage
from okrsync.store.values import Run
from okrsync.trackers.diagnosis import Finding
from okrsync.trackers.errors import AuthFailed, Misconfigured, TrackerError, Transient
from okrsync.trackers.interface import Tracker
from okrsync.trackers.values import Scope

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def of_files(settings: Path, documents: Path | None, cache: Path | None) -> Iterator[Finding]:
    """Who may change what okrsync believes, and read what it keeps.

    Whoever can write the settings can have any command run for a token; whoever can read the cache reads every
    objective, also those that are not for everyone.
    """
    for path in (settings, settings.parent, *((documents,) if documents else ())):
        mode = _mode(path)
        if mode is not None and mode & stat.S_IWOTH and not (path.is_dir() and mode & stat.S_ISVTX):
            yield Finding(
                "modes", f"everybody may write {path} (mode {mode & 0o7777:04o})", f"Run: chmod o-w {quote(str(path))}"
            )
    modes = {path: _mode(path) for path in (_kept(cache) if cache else ())}
    if opened := [str(path) for path, mode in modes.items() if mode is not None and mode & _OTHERS]:
        yield Finding("modes", f"open to others: {', '.join(opened)}", f"Run: chmod 600 {join(opened)}")


def _kept(cache: Path) -> list[Path]:
    """The cache and what lies beside it: its log, the journal, the lock, and what was put aside."""
    folder = cache.parent
    return sorted({*folder.glob(f"{cache.name}*"), *folder.glob(f".{cache.name}.*")})


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except OSError:
        return None


def of_secrets(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Whether each credential can be read from where it is kept."""
    reads: list[tuple[str, Callable[[], object]]] = [
        (f"token of {name}", lambda name=name: token_of(settings, name, environment))  # type: ignore[misc]
        for name in settings.trackers
    ]
    reads += [
        (f"credentials of {name}", lambda name=name: secrets_of(settings, name, environment))  # type: ignore[misc]
        for name in settings.sources
    ]
    reads += [
        (f"secrets of {name}", lambda name=name: notifier_secrets(settings, name, environment))  # type: ignore[misc]
        for name in settings.notify
    ]
    for about, read in reads:
        try:
            read()
        except Problems as problems:
            for each in problems.problems:
                yield Finding(about, f"{each.where}: {each.found}", each.do or "Put it where the settings say.")
        else:
            yield Finding(about, "can be read")


def of_cache(path: Path, workspace: str, now: datetime) -> Iterator[Finding]:
    """Whether the cache is sound, whose it is, how old what is in it is, and what is under way."""
    try:
        with Reader.at(path, workspace) as cache:
            wrong = cache.examine(damage)
            if wrong:
                yield _damaged("; ".join(wrong))
                return
            info = cache.info()
            yield Finding("cache", f"sound: {path}, schema {info.schema}, {info.size:,} bytes")
            yield from _intents(info.open_intents)
            yield from _runs(cache.runs.recent(100), now)
    except CacheMissing:
        yield Finding("cache", f"none yet at {path}; the first sync makes it")
    except CacheOlder as error:
        yield Finding("cache", f"sound so far: schema {error.found}, which the next sync brings up to {error.known}")
    except CacheDamaged as error:
        yield _damaged(error.found)
    except CacheNewer as error:
        found = f"schema {error.found}, and this okrsync knows schemas up to {error.known}"
        yield Finding("cache", found, "Upgrade okrsync, or name another file as `cache` in okrsync.toml.")
    except WrongWorkspace as error:
        found = f"it belongs to the workspace {error.found!r}, and the settings to {error.wanted!r}"
        yield Finding("cache", found, "Name another file as `cache` in okrsync.toml, or mend `workspace` there.")
    except CacheError as error:
        yield Finding("cache", str(error), "See that this account may read and write the file and its folder.")
    for each in sorted(path.parent.glob(f"{path.name}.damaged-*")):
        if not each.name.endswith(("-wal", "-shm")):
            yield Finding(
                "cache", f"a damaged one was put aside: {each}", f"Look at it, or delete it: rm {quote(str(each))}*"
            )


def _damaged(found: str) -> Finding:
    return Finding("cache", f"damaged: {found}", "Run: okrsync cache repair")


def _intents(count: int) -> Iterator[Finding]:
    if count:
        found = f"{count} {'creation was' if count == 1 else 'creations were'} cut off and nobody knows what came of it"
        yield Finding("under way", found, "Run: okrsync sync. It looks the markers up before it creates anything.")


_WRITING = frozenset({"sync", "reconcile"})
"""The kinds of runs that do what `okrsync sync` does; the others only read."""


def _runs(runs: Sequence[Run], now: datetime) -> Iterator[Finding]:
    """What came of the last runs; `runs` begins with the newest."""
    good = next((each for each in runs if each.exit_code == 0 and each.finished_at), None)
    since = f"{_ago(now, good.finished_at)} ({good.kind})" if good and good.finished_at else "never"
    if not runs or runs[0] is good:
        yield Finding("last success", since)
        return
    last = runs[0]
    if last.finished_at is None:
        yield Finding("last success", f"{since}; the {last.kind} that began {_ago(now, last.started_at)} has not ended")
        return
    why = f": {last.problems[0]}" if last.problems else ""
    yield Finding(
        "last success",
        f"{since}; the {last.kind} {_ago(now, last.finished_at)} ended with exit code {last.exit_code}{why}",
        f"Run: okrsync {'sync' if last.kind in _WRITING else 'pull'}, and mend what it names.",
    )


def _ago(now: datetime, moment: datetime) -> str:
    seconds = (now - moment).total_seconds()
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def of_tracker(
    opened: Callable[[], AbstractContextManager[Tracker]], scopes: Sequence[Scope]
) -> tuple[list[Finding], bool]:
    """What one tracker tells, and whether it let us in."""
    found: list[Finding] = []
    let_in = False
    try:
        with opened() as tracker:
            found.append(Finding("address", tracker.context.url))
            # Somebody waits: better say that the server does not answer.
            tracker.context.policy.attempts = 2
            login = tracker.login()
            let_in = True
            found += [Finding("login", login.account), Finding("server", login.server)]
            for scope in scopes:
                found += _check(tracker, scope)
            found += tracker.diagnose(scopes)
    except TrackerError as error:
        found += _failed("login" if not let_in else "answers", error)
    return found, let_in


def _check(tracker: Tracker, scope: Scope) -> Iterator[Finding]:
    about = f"fields and screens in {scope.project}"
    try:
        wrong = tracker.check(scope)
    except Misconfigured as error:
        wrong = error.problems
    if not wrong:
        yield Finding(about, "all that the mapping needs")
    for each in wrong:
        yield Finding(about, each.rstrip("."), "Mend it there, or change the mapping in okrsync.toml.")


def _failed(about: str, error: TrackerError) -> Iterator[Finding]:
    if isinstance(error, Misconfigured):
        for each in error.problems:
            yield Finding(about, each, "Mend it in okrsync.toml.")
    elif isinstance(error, AuthFailed):
        yield Finding(about, str(error), "See that the token is right, alive and may do this; make a new one if not.")
    elif isinstance(error, Transient):
        yield Finding(about, str(error), "See that the address is right and the network lets us there, then try again.")
    else:
        yield Finding(about, str(error), "Mend it in the tracker, or change the settings.")
