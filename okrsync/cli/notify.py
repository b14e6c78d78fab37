"""`okrsync notify`: who is told what, and whether it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT, DONE, FAILED
from okrsync.cli.options import command, dry_run_option, global_options, json_option

if TYPE_CHECKING:
    from okrsync.reports.tables import Table
    from okrsync.settings import Settings
    from okrsync.settings.notifiers import NotifySettings
    from okrsync.trackers.plugins import Plugins


@click.group("notify", params=global_options())
def notify() -> None:
    """Show who is told what, and try whether it arrives. The telling itself is done by `okrsync daemon`."""


@command("list")
@json_option
def listing(call: Call, as_json: bool) -> int:
    """Show the notifiers of the settings, and the kinds that are installed with their keys."""
    from okrsync.reports.tables import tables_picture, tables_text
    from okrsync.settings.against_notifiers import check_notifiers

    workspace = call.workspace()
    settings, plugins = workspace.settings, workspace.plugins
    tables = _tables(settings, plugins)

    call.screen.show(
        as_json=as_json,
        data=lambda: _data(settings, plugins),
        text=lambda: tables_text(tables),
        picture=lambda _width: tables_picture(tables),
    )
    for each in plugins.broken:
        call.voice.warn(f"plugin {each.name} is left out: {each.reason}", plugin=each.name)
    problems = check_notifiers(settings, plugins)
    for problem in problems:
        call.voice.fail(str(problem))
    return BAD_INPUT if problems else DONE


@command("test")
@click.argument("name")
@click.option("--to", metavar="PERSON", help="For email: send it to this person or address, and to nobody else.")
@dry_run_option
def test(call: Call, name: str, to: str | None, dry_run: bool) -> int:
    """Send a message that says that it is a test by the notifier NAME, whatever the hour.

    It goes where news would go; where that is to the people whom it concerns, --to names one of them.
    """
    import os

    from okrsync.cli.working import working
    from okrsync.daemon.telling_desk import deliver, title
    from okrsync.problems import Problems, did_you_mean
    from okrsync.settings.against_notifiers import check_notifier
    from okrsync.trackers.errors import TrackerError
    from okrsync.trackers.notifiers import Message, News, Occasion

    workspace = call.workspace()
    settings, plugins = workspace.settings, workspace.plugins
    if name not in settings.notify:
        hint = did_you_mean(name, settings.notify) or f"The settings have {_names(settings)}."
        raise click.UsageError(f"there is no notifier {name!r}. {hint}")
    if problems := check_notifier(settings, name, plugins):
        raise Problems(problems)
    table = settings.notify[name]
    addressed = plugins.notifiers[table.type].addressed
    whom = _whom(settings, table, to, addressed=addressed)
    news = News(
        Occasion.TEST, f"This is a test of [notify.{name}]", "Somebody ran `okrsync notify test`; nothing happened."
    )
    message = Message(settings.workspace, title(settings.workspace, (news,)), (news,), workspace.now(), whom)
    way = f"{name} ({table.type}{' to ' if whom else ''}{', '.join(whom)})"
    if dry_run:
        call.screen.lines([f"would send by {way}:", *(f"  {line}".rstrip() for line in message.text.splitlines())])
        return DONE
    try:
        with working(call, workspace):
            note = deliver(settings, plugins, name, message, os.environ, workspace.stop)
    except TrackerError as error:
        call.voice.fail(f"failed: {name}: {error}", notifier=name)
        return FAILED
    if note:
        call.voice.warn(f"{name}: {note}", notifier=name)
    call.screen.lines([f"sent by {way}"])
    return DONE


def _whom(settings: Settings, table: NotifySettings, to: str | None, *, addressed: bool) -> tuple[str, ...]:
    from okrsync.settings.against_notifiers import addresses

    if not addressed:
        if to is not None:
            raise click.UsageError(f"--to is for e-mail, and this is a notifier of type {table.type}")
        return ()
    if to is None:
        if found := addresses(settings, table):
            return found
        raise click.UsageError("this notifier tells the people whom the news concerns: name one with --to")
    person = settings.people.get(to)
    address = person.email if person else to
    if not address or "@" not in address:
        raise click.UsageError(f"{to!r} has no e-mail address under [people]")
    return (address,)


def _names(settings: Settings) -> str:
    from okrsync.problems import listed

    return listed(settings.notify, "and") if settings.notify else "none: add a table [notify.NAME]"


def _tables(settings: Settings, plugins: Plugins) -> list[Table]:
    from okrsync.reports.tables import Table

    kinds = list(plugins.notifiers.values())
    tables = []
    if settings.notify:
        rows = [
            (name, each.type, ", ".join(each.events), each.audience, _when(each))
            for name, each in settings.notify.items()
        ]
        tables.append(Table(("notifier", "type", "events", "audience", "when"), rows))
    tables.append(Table(("type", "what it is"), [(each.name, each.summary) for each in kinds]))
    rows_of_keys = [(each.name, key, meaning) for each in kinds for key, meaning in each.settings.items()]
    if rows_of_keys:
        tables.append(Table(("type", "key of [notify.NAME]", "what it does"), rows_of_keys))
    return tables


def _when(table: NotifySettings) -> str:
    parts = [f"digest {table.digest}" if table.digest else "as it happens"]
    if table.quiet_hours:
        parts.append("not {:%H:%M}-{:%H:%M}".format(*table.quiet_hours))
    return ", ".join(parts)


def _data(settings: Settings, plugins: Plugins) -> dict[str, Any]:
    return {
        "notifiers": [
            {
                "name": name,
                "type": each.type,
                "events": list(each.events),
                "audience": each.audience,
                "people": list(each.people),
                "teams": list(each.teams),
                "to": list(each.to),
                "quiet_hours": "{:%H:%M}-{:%H:%M}".format(*each.quiet_hours) if each.quiet_hours else None,
                "digest": each.digest,
            }
            for name, each in settings.notify.items()
        ],
        "types": [
            {
                "name": each.name,
                "summary": each.summary,
                "settings": dict(each.settings),
                "addressed": each.addressed,
            }
            for each in plugins.notifiers.values()
        ],
    }


notify.add_command(listing)
notify.add_command(test)
