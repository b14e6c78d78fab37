"""`[notify.NAME]` held against the notifiers that the installed plugins offer, and against people and audiences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okrsync.domain.okr import EVERYONE
from okrsync.problems import Problem, did_you_mean, listed
from okrsync.settings.against import unknown_keys, unknown_type
from okrsync.settings.models import Settings
from okrsync.settings.notifiers import NotifySettings
from okrsync.trackers.notifiers import NotifierTable, NotifierType, Occasion

if TYPE_CHECKING:
    from okrsync.trackers.plugins import Plugins


def check_notifiers(settings: Settings, plugins: Plugins) -> list[Problem]:
    """Everything that no installed plugin can do with the notifiers, and everybody whom nobody knows."""
    return sorted(problem for name in settings.notify for problem in check_notifier(settings, name, plugins))


def check_notifier(settings: Settings, name: str, plugins: Plugins) -> list[Problem]:
    """As `check_notifiers`, of the one called `name`."""
    table, where = settings.notify[name], f"notify.{name}"
    kind = plugins.notifiers.get(table.type)
    if kind is None:
        return [unknown_type(table, where, plugins.notifiers, plugins)]
    problems = unknown_keys(table, where, kind.settings, f"a notifier of type {kind.name}")
    problems += [
        Problem(table.source.file, table.source.line, where, each)
        for each in kind.check_table(notifier_table(settings, name))
    ]
    return problems + [_problem(table, where, *each) for each in _whom(settings, table, kind)]


def notifier_table(settings: Settings, name: str) -> NotifierTable:
    """What the settings say about the notifier called `name`, as a plugin is told it."""
    table = settings.notify[name]
    return NotifierTable(
        name=name,
        user=table.user,
        has_url=table.url is not None,
        has_token=table.token is not None,
        has_password=table.password is not None,
        ca_file=str(settings.path_of(table.ca_file)) if table.ca_file else None,
        timeout=table.timeout.total_seconds(),
        options=table.options,
    )


def addresses(settings: Settings, table: NotifySettings) -> tuple[str, ...]:
    """The e-mail addresses that `to` names; what it names of which there is none is left out."""
    found = []
    for each in table.to:
        person = settings.people.get(each)
        address = person.email if person else each
        if address and "@" in address:
            found.append(address)
    return tuple(dict.fromkeys(found))


def _whom(settings: Settings, table: NotifySettings, kind: NotifierType) -> list[tuple[str, str, str, str]]:
    """What is wrong about whom it tells: the key, what was found, what is right, and what to do."""
    wrong = []
    known = [EVERYONE, *settings.audiences]
    if table.audience not in known:
        do = did_you_mean(table.audience, known) or "Define it under [audiences]."
        wrong.append(("audience", f"there is no audience {table.audience!r}", listed(known), do))
    if table.to and not kind.addressed:
        wrong.append(("to", f"is not a key of a notifier of type {kind.name}", "", "It tells whoever reads there."))
    for each in table.to:
        person = settings.people.get(each)
        if "@" not in each and (person is None or not person.email):
            do = f"Add email under [people.{each}]." if person else did_you_mean(each, settings.people)
            wrong.append(("to", f"{each!r} has no e-mail address", "an address, or somebody under [people]", do))
    if kind.addressed and not table.to:
        if not any(each.email for each in settings.people.values()):
            do = "Add to, or email under [people.NAME]."
            wrong.append(("to", "is missing, and nobody under [people] has an e-mail address", "", do))
        if table.events == (Occasion.SYNC_FAILING.value,):
            wrong.append(("to", "is missing: that a sync fails is no one person's concern", "", "Add to."))
    return wrong


def _problem(table: NotifySettings, where: str, key: str, found: str, right: str, do: str) -> Problem:
    return Problem(table.source.file, table.source.line, f"{where}.{key}", found, right, do)
