"""Who may check in on what, whose turn it is, and which of several check-ins counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from okrsync.domain.okr import KeyResult, Objective, Okrs, Stage
from okrsync.domain.ref import Ref
from okrsync.practice.check_in_values import name_of


@dataclass(frozen=True)
class Person:
    """Somebody whom the settings know."""

    name: str
    """As documents call them: in `owner`."""
    accounts: tuple[str, ...] = ()
    """Under which trackers know them."""
    teams: tuple[str, ...] = ()


@dataclass(frozen=True)
class People:
    """Everybody whom the settings know; names and accounts are the same in any case of their letters."""

    known: tuple[Person, ...] = ()

    def by_account(self, *names: str) -> Person | None:
        """Who has one of these accounts, or goes by one of these names; the first that names somebody decides."""
        for name in filter(None, names):
            for person in self.known:
                if _same(name, (person.name, *person.accounts)):
                    return person
        return None

    def members(self, team: str | None) -> tuple[Person, ...]:
        """Who is in a team."""
        return tuple(each for each in self.known if team and _same(team, each.teams))

    def refusal(self, author: str, objective: Objective, key_result: KeyResult) -> str:
        """Why somebody may not check in on a key result, as a clause that names who may; empty where they may.

        The owners of the key result and of its objective may, and the members of the objective's team. Where the
        settings know neither of these nor the author, nobody can tell, and everybody who may comment may check in.
        """
        owners = tuple(dict.fromkeys(each for each in (key_result.owner, objective.owner) if each))
        members = self.members(objective.team)
        me = self.by_account(author)
        name = me.name if me else author
        if _same(name, owners) or any(each.name == name for each in members):
            return ""
        if me is None and not members and not any(self.by_account(each) for each in owners):
            return ""
        whose = " and ".join(owners) or "nobody in particular"
        team = f" of team {objective.team}" if objective.team else ""
        return f"{key_result.ref.local} belongs to {whose}{team}, and {name} is neither an owner nor in the team"


def _same(name: str, others: Iterable[str]) -> bool:
    return name.casefold() in {each.casefold() for each in others}


@dataclass(frozen=True)
class Due:
    """A key result that waits for somebody's check-in."""

    objective: Objective
    key_result: KeyResult
    last: datetime | None
    """When somebody last checked in on it."""


def due_for(
    person: str, okrs: Okrs, newest: Mapping[Ref, datetime], now: datetime, period: timedelta, people: People
) -> tuple[Due, ...]:
    """The committed key results of somebody on which nobody has checked in for a check-in period, in document order.

    What is scored already is left out. A key result is its owner's, else its objective's owner's. `newest`
    tells when somebody last checked in on each.
    """
    me = people.by_account(person)
    names = (person, *((me.name, *me.accounts) if me else ()))
    return tuple(
        Due(objective, key_result, last)
        for objective in okrs.objectives
        if objective.stage is Stage.COMMITTED
        for key_result in objective.key_results
        if key_result.score is None
        if (owner := key_result.owner or objective.owner) and _same(owner, names)
        if (last := newest.get(key_result.ref)) is None or now - last >= period
    )


def over_refusal(objective: Objective, key_result: KeyResult) -> str:
    """Why nobody checks in on a key result any more, as a clause; empty where its time is not over."""
    if objective.stage is Stage.CLOSED:
        return f"{objective.ref} is closed: a check-in is for what is under way"
    if key_result.score is not None:
        return f"{key_result.ref} is scored: a check-in is for what is under way; `okrsync score --again` scores anew"
    return ""


QUERIES = frozenset({"count", "sum", "average", "done"})
"""The measures over a query."""
_OF_NOTHING_0 = frozenset({"count", "sum"})
"""Those of them that are 0 where nothing matches."""


def value_refusal(value: float | None, key_result: KeyResult, *, in_own_field: bool) -> str:
    """Why nobody gives a key result's value by hand, as a clause; empty where people do, or none is given.

    A value is given by hand where the key result is measured so, and where it stands in a field of its own item
    (`in_own_field`). That nothing matches a query any more may be said too: a query is not believed about that alone.
    """
    measure = key_result.measure
    if value is None or measure.source == "manual" or in_own_field or (measure.source in _OF_NOTHING_0 and value == 0):
        return ""
    if measure.source == "field":
        whence = f"is read from {measure.item or 'a tracker'}: change it there"
    elif measure.source in QUERIES:
        whence = f"is measured over a query ({measure.source})"
    else:
        whence = f"is measured by {measure.source}"
    name = name_of(key_result)
    enough = "a confidence (@0.6) and a note are" if key_result.ref.is_key_result else "a note is"
    return f"the value of {name} {whence}; leave it out: {enough} enough"
