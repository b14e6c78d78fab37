"""From what the daemon finds out to facts of which people may be told. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from okrsync.daemon.telling import FAILING, Concerned, Fact, Telling
from okrsync.domain.okr import KeyResult, Objective, Okrs, Stage
from okrsync.domain.progress import Health
from okrsync.domain.ref import Ref
from okrsync.domain.status import KeyResultStatus, Link, ObjectiveStatus, Status
from okrsync.plan.values import Change
from okrsync.reports.plan_views import value_text
from okrsync.reports.words import age, percent, shown
from okrsync.trackers.notifiers import News, Occasion

CHECK_IN = "check-in "
HEALTH = "health "
HELD = "held "
DOWN = "failing "
"""What subjects begin with."""

_UNSAID = frozenset({Health.UNKNOWN, Health.TOO_EARLY})


def concerned(objective: Objective) -> Concerned:
    """An objective as far as it decides who hears of it."""
    return Concerned(objective.audience, objective.owner, objective.team)


def health_facts(status: Status) -> Iterator[Fact]:
    """How each committed objective, and each of its key results, is doing."""
    for objective in status.objectives:
        if objective.objective.stage is not Stage.COMMITTED:
            continue
        yield _health(objective, objective.objective, objective.objective)
        for key_result in objective.key_results:
            yield _health(key_result, key_result.key_result, objective.objective)


def _health(found: ObjectiveStatus | KeyResultStatus, subject: Objective | KeyResult, objective: Objective) -> Fact:
    telling = Telling.NEVER if found.health in _UNSAID else Telling.WHEN_WORSE
    text = f"{shown(subject.title)} is {found.health.value} now"
    details = f"{subject.ref}: progress {percent(found.progress)}, expected {percent(found.expected)}"
    news = News(Occasion.HEALTH_CHANGED, text, details, str(subject.ref), _url(found.link))
    return Fact(f"{HEALTH}{subject.ref}", found.health.value, news, (_whose(subject, objective),), telling=telling)


def check_in_facts(
    okrs: Okrs,
    due: Iterable[Ref],
    newest: Mapping[Ref, datetime],
    links: Mapping[Ref, Link],
    *,
    begun: datetime,
    period: timedelta,
    now: datetime,
    reminding: bool,
) -> Iterator[Fact]:
    """The check-ins that are due, each once for each period that passes without one.

    Args:
        newest: when somebody checked in last.
        begun: when the cycle began.
        reminding: whether it is the time to remind people; else only what they are already to be reminded of counts.
    """
    known = {each.ref: (each, objective) for objective in okrs.objectives for each in objective.key_results}
    for ref in due:
        if ref not in known:
            continue
        key_result, objective = known[ref]
        last = newest.get(ref)
        since = last or begun
        missed = since + max(0, (now - since) // period) * period
        ago = f"the last one is {age(last, now)} old" if last else "nobody has checked in yet"
        news = News(
            Occasion.CHECK_IN_DUE,
            f"A check-in is due: {shown(key_result.title)}",
            f"{ref}: {ago}; `okrsync checkin {ref}`",
            str(ref),
            _url(links.get(ref) or links.get(objective.ref)),
        )
        telling = Telling.ALWAYS if reminding else Telling.ONCE_BEGUN
        yield Fact(
            f"{CHECK_IN}{ref}", missed.date().isoformat(), news, (_whose(key_result, objective),), telling=telling
        )


def held_subject(mapping: str) -> str:
    """What the subjects of the changes begin with that wait in a mapping (tracker/project)."""
    return f"{HELD}{mapping} "


def held_fact(change: Change, okrs: Okrs) -> Fact:
    """A change that waits for a person; of an item of which no document speaks any more, nobody hears the name."""
    objective = okrs.by_ref.get(change.ref.parent)
    place = f"{change.tracker}/{change.project}"
    what = f"{change.action.value} of {change.ref}"
    if change.field:
        what += f", {shown(change.field)}"
        if isinstance(change.before, str | int | float | None) and isinstance(change.after, str | int | float | None):
            what += f": {_short(value_text(change.before))} → {_short(value_text(change.after))}"
    said = json.dumps(change.to_json(), sort_keys=True, default=str)
    if objective is None:
        what = f"`okrsync plan` shows it, in {place}"
    news = News(
        Occasion.CHANGE_HELD,
        f"A change waits for a person: {what}",
        shown(change.why) if objective else "",
        str(change.ref) if objective else None,
    )
    return Fact(
        f"{held_subject(place)}{change.action.value} {change.ref} {change.field or ''}",
        hashlib.sha256(said.encode()).hexdigest()[:16],
        news,
        (concerned(objective),) if objective else (),
        details_concern=tuple(concerned(each) for each in spoken_of(change.why, okrs)),
    )


def failing_fact(label: str, since: datetime, why: str, objectives: Iterable[Objective], okrs: Okrs) -> Fact:
    """Work that fails, called by `label`: `The sync of work/PLAT`; `objectives` are those that it is done for."""
    moment = since.astimezone(UTC).isoformat(timespec="minutes").replace("+00:00", "Z")
    news = News(Occasion.SYNC_FAILING, f"{label} has failed since {moment}", shown(why))
    return Fact(
        f"{DOWN}{label}",
        f"{FAILING}{moment} {label}",
        news,
        tuple(dict.fromkeys(concerned(each) for each in objectives)),
        details_concern=tuple(concerned(each) for each in spoken_of(why, okrs)),
        since=since,
    )


def spoken_of(text: str, okrs: Okrs) -> Iterator[Objective]:
    """The objectives that a text names, by an id, a title, or the document that they stand in."""
    for objective in okrs.objectives:
        names = [objective.ref.local, objective.title, objective.source.file]
        names += [each.title for each in objective.key_results]
        if any(name and name in text for name in names):
            yield objective


def _whose(subject: Objective | KeyResult, objective: Objective) -> Concerned:
    return Concerned(objective.audience, subject.owner or objective.owner, objective.team)


def _url(link: Link | None) -> str | None:
    return link.url if link and link.url.startswith(("https://", "http://")) else None


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
