"""The program: its commands by name, each imported when it runs, and how one call of it begins and ends."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from okrsync.cli.call import Call
from okrsync.cli.options import cycle_option, global_options
from okrsync.cli.version import version

if TYPE_CHECKING:
    from okrsync.trackers.commands import PluginCommand

COMMANDS = {
    "demo": ("okrsync.cli.demo:demo", "See the whole job done on embedded trackers."),
    "init": ("okrsync.cli.init:init", "Write the settings and a first OKR document."),
    "check": ("okrsync.cli.check:check", "Find everything that is wrong in settings and documents."),
    "lint": ("okrsync.cli.lint:lint", "Hold OKRs against the practice, before people review them."),
    "propose": ("okrsync.cli.propose:propose", "Begin an objective from the bottom up, from a template."),
    "stage": ("okrsync.cli.stage:stage", "Move an objective on: draft, proposed, committed."),
    "plan": ("okrsync.cli.plan:plan", "Show what a sync would do, and do nothing."),
    "sync": ("okrsync.cli.sync:sync", "Bring documents and trackers together."),
    "resolve": ("okrsync.cli.resolve:resolve", "Settle what both sides changed, by taking one side."),
    "adopt": ("okrsync.cli.adopt:adopt", "Make documents from epics or milestones that there are."),
    "pull": ("okrsync.cli.pull:pull", "Read current values from the trackers."),
    "checkin": ("okrsync.cli.checkin:checkin", "Say how your key results stand."),
    "status": ("okrsync.cli.status:status", "Show how the objectives of a cycle stand."),
    "tree": ("okrsync.cli.tree:tree", "Show what aligns to what."),
    "coverage": ("okrsync.cli.coverage:coverage", "Show what nobody supports, and what supports nothing."),
    "explain": ("okrsync.cli.explain:explain", "Show the reason behind one number."),
    "review": ("okrsync.cli.review:review", "Show what drifts at half time; change a target."),
    "score": ("okrsync.cli.score:score", "Score key results, and keep what was learned."),
    "report": ("okrsync.cli.report:report", "Make a page for people: how we stand, or how it ended."),
    "history": ("okrsync.cli.history:history", "Show one number over time."),
    "cycle": ("okrsync.cli.cycle:cycle", "Begin the next cycle from the last, and close that."),
    "daemon": ("okrsync.cli.daemon:daemon", "Keep everything up to date until it is stopped."),
    "install-service": ("okrsync.cli.install_service:install_service", "Write systemd units for this workspace."),
    "notify": ("okrsync.cli.notify:notify", "Show who is told what, and try whether it arrives."),
    "trackers": ("okrsync.cli.trackers:trackers", "Show the kinds of tracker and those of the settings."),
    "doctor": ("okrsync.cli.doctor:doctor", "Look for trouble everywhere, and say how to mend it."),
    "fields": ("okrsync.cli.fields:fields", "Show the fields of a tracker's project."),
    "sandbox": ("okrsync.cli.sandbox:sandbox", "Serve trackers on this machine to try things out."),
    "cache": ("okrsync.cli.cache:cache", "Look after the cache."),
    "completion": ("okrsync.cli.completion:completion", "Print the shell's completion script."),
}
"""Name → where the command is, and what it does in one line: `--help` needs no more than that."""


class Program(click.Group):
    """The commands, each imported when it runs, and those that plugins add."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The names, in the order in which people meet them."""
        return [*COMMANDS, *_added(context)]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command called `name`."""
        if name not in COMMANDS:
            found = _added(context).get(name)
            return found.command if found else None
        module, _, attribute = COMMANDS[name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name, or a question which one was meant."""
        if arguments and arguments[0] not in COMMANDS and not arguments[0].startswith("-"):
            added = _added(context, arguments)
            if arguments[0] not in added:
                from okrsync.problems import did_you_mean

                hint = did_you_mean(arguments[0], [*COMMANDS, *added]) or "`okrsync --help` lists them."
                context.fail(f"there is no command {arguments[0]!r}. {hint}")
            call = context.find_object(Call)
            assert call is not None
            call.plugin = added[arguments[0]].plugin
        return super().resolve_command(context, arguments)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in the help, without importing one of okrsync's own."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])
        if added := _added(context):
            with formatter.section("Commands of plugins"):
                formatter.write_dl([(name, each.command.get_short_help_str(80)) for name, each in added.items()])

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands, without importing one of okrsync's own, and the options."""
        summaries = {name: summary for name, (_, summary) in COMMANDS.items()}
        summaries |= {name: each.command.get_short_help_str(80) for name, each in _added(context).items()}
        names = [CompletionItem(name, help=text) for name, text in summaries.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, context, incomplete)]


def _added(context: click.Context, arguments: Sequence[str] = ()) -> dict[str, PluginCommand]:
    from okrsync.cli.plugin_commands import plugin_commands

    return plugin_commands(context, COMMANDS, arguments)


def _show_version(context: click.Context, _parameter: click.Parameter, asked: Any) -> None:
    if asked and not context.resilient_parsing:
        click.echo(f"okrsync {version()}")
        context.exit()


@click.group(
    "okrsync",
    cls=Program,
    params=global_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `okrsync demo`, or with `okrsync init` in the repository that shall hold your OKRs.",
)
@cycle_option
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
def program() -> None:
    """Keep OKRs where the work happens: plans in documents, progress in Jira and GitHub."""


def run(arguments: Sequence[str], call: Call | None = None) -> int:
    """Run one command; its exit code. Whatever goes wrong is said on standard error."""
    call = call or Call()
    try:
        result = program.main(list(arguments), prog_name="okrsync", standalone_mode=False, obj=call)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # noqa: BLE001 - here is where every error ends
        from okrsync.cli.endings import ending

        return ending(error, call)
    return result if isinstance(result, int) else 0
