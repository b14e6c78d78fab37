"""The daemon's jobs, as the settings have them: polls by the schedules of the mappings, complete syncs, reminders."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from okrsync.daemon.schedule import Job, Rhythm, Timetable
from okrsync.domain.cycle import Cycle, parse_cycle
from okrsync.domain.okr import Kpi, Objective, Okrs, Stage
from okrsync.settings import MappingSettings, Settings
from okrsync.settings.times import written_duration

RECONCILE = "reconcile"
CHECK_INS = "check-ins"
POLL = "poll"
HINTED = "poll of hints"

STILL_SCORED = timedelta(days=28)
"""For how long after its end a cycle is looked at that nobody has closed: late check-ins count for its scores."""

Wanted = Callable[[MappingSettings | None], bool]
"""Whether what a mapping holds is looked at; None stands for what no mapping holds."""


@dataclass(frozen=True)
class Poll:
    """The mappings that are polled together."""

    name: str
    """`poll`; for mappings with a schedule of their own, with that schedule."""
    mappings: tuple[int, ...]
    """Their places in the settings."""
    with_unmapped: bool
    """Whether what no mapping matches is measured with them."""


@dataclass(frozen=True)
class Jobs:
    """Everything that the daemon does again and again."""

    timetable: Timetable
    polls: tuple[Poll, ...]

    @classmethod
    def of(cls, settings: Settings) -> Jobs:
        """The jobs that the settings ask for."""
        schedule = settings.schedule
        groups: dict[timedelta | str | None, list[int]] = {None: []}
        for index, mapping in enumerate(settings.mappings):
            when = None if mapping.schedule == schedule.pull else mapping.schedule
            groups.setdefault(when, []).append(index)
        polls = {
            when: Poll(POLL if when is None else f"{POLL} {written_duration(when)}", tuple(indices), when is None)
            for when, indices in groups.items()
            if indices or when is None
        }
        zone = ZoneInfo(schedule.timezone)

        def job(name: str, when: timedelta | str) -> Job:
            return Job(name, Rhythm(when, zone, schedule.jitter, f"{settings.workspace} {settings.path} {name}"))

        jobs = [job(RECONCILE, schedule.reconcile)]
        jobs += [job(poll.name, schedule.pull if when is None else when) for when, poll in polls.items()]
        jobs.append(job(CHECK_INS, schedule.check_ins))
        return cls(Timetable(tuple(jobs)), tuple(polls.values()))

    def okrs(self, poll: Poll, okrs: Okrs, settings: Settings, may: Wanted | None = None) -> Okrs | None:
        """What a poll looks at, where that is not all that there is: what its mappings hold and `may` be seen."""
        if len(self.polls) == 1 and may is None:
            return None
        mine = {id(settings.mappings[index]) for index in poll.mappings}

        def belongs(owned: Objective | Kpi) -> bool:
            mapping = settings.mapping_for(owned)
            is_mine = poll.with_unmapped if mapping is None else id(mapping) in mine
            return is_mine and (may is None or may(mapping))

        return Okrs(tuple(filter(belongs, okrs.objectives)), tuple(filter(belongs, okrs.kpis)))


def going_on(okrs: Okrs, named: Mapping[str, tuple[date, date]], current: Cycle, today: date) -> tuple[Cycle, ...]:
    """The cycles beside the current one in which something is committed and not closed: those that hold `today`, as the
    year does around a quarter, and those that ended a short while ago and are still scored."""
    names = {each.ref.cycle for each in okrs.objectives if each.stage is Stage.COMMITTED} - {current.name}
    cycles = sorted(parse_cycle(name, named) for name in names)
    return tuple(each for each in cycles if each.start <= today <= each.end + STILL_SCORED)


def look_at(cycle: Cycle) -> str:
    """How a run is called that looks at another cycle than the current one."""
    return f"look at {cycle.name}"


def label(mapping: MappingSettings) -> str:
    """A mapping as people know it: tracker/project."""
    return f"{mapping.tracker}/{mapping.project}"


def labels(settings: Settings, indices: Collection[int] | None = None, may: Wanted | None = None) -> tuple[str, ...]:
    """The mappings by tracker/project, each once; those at these places, or all, that `may` be looked at."""
    chosen = [each for index, each in enumerate(settings.mappings) if indices is None or index in indices]
    return tuple(dict.fromkeys(label(each) for each in chosen if may is None or may(each)))
