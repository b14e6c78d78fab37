"""`okrsync demo`: the whole job on embedded trackers, each step as the command that one would type."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT, FAILED
from okrsync.cli.options import command
from okrsync.cli.screen import Screen
from okrsync.cli.working import Ended

if TYPE_CHECKING:
    from rich.console import RenderableType

    from okrsync.app import Workspace
    from okrsync.sandbox.company import Premises
    from okrsync.sandbox.company.staff import Staff

FOLDER = "okrsync-demo"
PORT_BASE = 8471
"""Where the three servers like to be: below the range from which systems take ports for themselves."""

_WIDTH = 100
_EXCERPT = 26


@command("demo")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=FOLDER,
    show_default=True,
    help="The folder in which the demo's workspace is written.",
)
@click.option("--force", is_flag=True, help="Begin anew where a demo is already; what is in it is lost.")
@click.option(
    "--port-base",
    type=click.IntRange(1, 65533),
    default=PORT_BASE,
    show_default=True,
    metavar="PORT",
    help="The first of the three ports of its trackers; where one is taken, a later one is used.",
)
def demo(call: Call, directory: Path, force: bool, port_base: int) -> None:
    """See the whole job done on embedded trackers, in a few seconds.

    Writes the workspace of a small company, serves a Jira Cloud, a Jira Data Center and a GitHub on this machine,
    syncs, lets people work for six weeks, and shows how the OKRs stand. Nothing leaves this machine.
    """
    from okrsync.sandbox.clock import SandboxClock
    from okrsync.sandbox.company import InUse, Premises, SiteName
    from okrsync.sandbox.company.staff import WEEKS

    clock = SandboxClock()
    clock.advance(timedelta(weeks=-WEEKS))
    with Premises(clock=clock) as premises:
        try:
            _make_room(directory, premises, force=force)
        except (InUse, ValueError) as error:
            raise Ended(str(error), FAILED) from error
        premises.found_company()
        premises.serve({name: port_base + number for number, name in enumerate(SiteName)}, or_others=True)
        premises.keep_in(directory)
        _play(_Stage(call, directory, clock.now), premises)


def _make_room(directory: Path, premises: Premises, *, force: bool) -> None:
    """See that the demo can be written, and take its folder.

    Raises:
        Ended: something is there that the demo would overwrite.
        InUse: another process serves the sandbox of that folder.
    """
    from okrsync.sandbox.company.planning import clear_workspace
    from okrsync.sandbox.company.premises import kept

    is_demo = kept(directory).is_demo
    if directory.exists() and any(directory.iterdir()) and not (is_demo and force):
        hint = "`--force` begins anew, and `--directory` names another folder" if is_demo else "name another folder"
        what = "a demo already" if is_demo else "something in it that is no demo"
        raise Ended(f"{directory} has {what}, and nothing is overwritten: {hint}", BAD_INPUT)
    premises.occupy(directory)
    if is_demo:
        clear_workspace(directory)


@dataclass
class _Then(Call):
    """A call at a moment of the demo's own."""

    now: Callable[[], datetime] = field(kw_only=True)

    def workspace(self) -> Workspace:
        from okrsync.app import Workspace

        return Workspace.load(self.config, cycle=self.cycle, audience=self.audience, now=self.now)


class _Excerpt(Screen):
    """Shows the beginning and the last line of what is long."""

    def _write(self, text: str) -> None:
        lines = [line for line in text.splitlines(keepends=True) if line.strip()]
        if len(lines) > _EXCERPT + 2:
            left_out = f"  … {len(lines) - _EXCERPT - 1} more lines …\n"
            lines = [*lines[:_EXCERPT], left_out, lines[-1]]
        super()._write("".join(lines))


class _Stage:
    """Tells what happens, and runs commands in the demo's folder at the demo's time."""

    def __init__(self, call: Call, directory: Path, now: Callable[[], datetime]) -> None:
        self.call = call
        self.directory = directory
        self.now = now
        self._steps = 0

    def heading(self, text: str) -> None:
        """Begin a part of the demo."""
        self._steps += 1
        self._show(["", f"{self._steps}. {text}"], "bold cyan")

    def say(self, text: str) -> None:
        """Tell something."""
        self._show(["", *textwrap.wrap(text, _WIDTH)], "")

    def lines(self, *lines: str) -> None:
        """Lines that stay as they are."""
        self._show(["", *lines], "")

    def prompt(self, typed: str) -> None:
        """A line as somebody types it."""
        self._show(["", f"$ {typed}"], "bold green")

    def run(self, *arguments: str, excerpt: bool = False) -> None:
        """Run a command as if it were typed now.

        Raises:
            Ended: it did not go well.
        """
        from okrsync.cli.program import run

        typed = " ".join(("okrsync", *arguments))
        self.prompt(typed)
        call = _Then(
            config=Path("okrsync.toml"),
            quiet=self.call.quiet,
            verbose=self.call.verbose,
            log_format=self.call.log_format,
            screen=_Excerpt() if excerpt else self.call.screen,
            now=self.now,
        )
        with contextlib.chdir(self.directory):
            code = run(arguments, call)
        if code > 128:
            raise Ended(f"the demo was stopped at `{typed}`", code)
        if code:
            raise Ended(
                f"the demo stopped in part {self._steps}, at `{typed}` (exit code {code}): what went wrong is said"
                f" above; {self.directory} is left as it is",
                FAILED,
            )

    def _show(self, lines: list[str], style: str) -> None:
        if self.call.quiet:
            return

        def picture(_width: int) -> RenderableType:
            from rich.text import Text

            return Text("\n").join(Text(line, style=style) for line in lines)

        self.call.screen.show(as_json=False, data=dict, text=lambda: lines, picture=picture)


def _play(stage: _Stage, premises: Premises) -> None:
    from okrsync.sandbox.company import SiteName
    from okrsync.sandbox.company.planning import cycle_from, write_workspace
    from okrsync.sandbox.company.premises import TITLES
    from okrsync.sandbox.company.staff import Staff

    cycle = cycle_from(stage.now().date())
    files = write_workspace(stage.directory, premises.urls, cycle)

    stage.heading("Plans live in documents")
    stage.say(
        f"A small company keeps its OKRs in {stage.directory}, and works in three trackers, which this demo serves on"
        " this machine. For them it is six weeks ago, the first day of a new cycle."
    )
    stage.lines(*(f"  {TITLES[name]:<18}{url}" for name, url in premises.urls.items()))
    stage.lines(*_listing(files))
    stage.prompt(f"cd {stage.directory}")
    stage.say("Is everything right that people wrote? No tracker is asked for that.")
    stage.run("check")

    stage.heading("From documents to epics, milestones and issues")
    stage.say("What would a sync do? A plan writes nothing; its digest stands for exactly these changes.")
    stage.run("plan", excerpt=True)
    stage.say("That is what we want: objectives become epics and milestones, key results issues and fields.")
    stage.run("sync")
    stage.say("Once more: there is nothing left to do, and no request writes anything.")
    stage.run("sync")

    stage.heading("Six weeks of work in the trackers")
    stage.say("People work where they always do. Once a week somebody reads the values back.")
    _work(stage, premises, Staff(premises, cycle))

    stage.heading("Documents and trackers meet again")
    stage.say(
        "People also changed what the documents say. What a document owns is put right; where both sides decide, as for"
        " the web team, a change from the tracker is adopted into the document; and progress goes into fields. What"
        " somebody wrote below okrsync's block in a description stays."
    )
    stage.run("sync")

    stage.heading("How we stand")
    stage.say("Health compares progress with what is due by now. A value that nobody has told is unknown, never 0.")
    stage.run("status")
    stage.say("Who supports whom, across trackers:")
    stage.run("tree")
    stage.say("And the proof that everything is where it belongs:")
    stage.run("sync")

    stage.heading("Yours to play with")
    stage.lines(*_next_steps(stage.directory))
    stage.say("While the sandbox runs, a browser shows every item. Change a value there, then `okrsync pull`:")
    stage.lines(
        f"  {premises.urls[SiteName.JIRA_CLOUD]}/browse/ACME-2",
        f"  {premises.urls[SiteName.GITHUB]}/acme/web/milestone/1",
    )


def _work(stage: _Stage, premises: Premises, staff: Staff) -> None:
    from okrsync.sandbox.company.staff import WEEKS

    for week in range(1, WEEKS + 1):
        premises.clock.advance(timedelta(weeks=1))
        stage.lines(f"Week {week}, {premises.clock.now():%A %d %B}", *(f"  {each}" for each in staff.work(week)))
        stage.run("pull", *(["--quiet"] if week < WEEKS else []))


def _listing(files: list[Path]) -> Iterator[str]:
    meanings = {
        "okrsync.toml": "the settings: trackers, and which OKRs go where",
        "company.toml": "two objectives of the whole company",
        "product.toml": "a department, in Jira Cloud",
        "people.toml": "a department, in Jira Data Center, with key results as fields of an epic",
        "platform.toml": "a team, in Jira Cloud, and a KPI",
        "web.toml": "a team, on GitHub; what people change there is adopted",
        "mobile.toml": "a team, on GitHub",
        "growth.toml": "a team without a tracker, with a draft",
        "dana.toml": "what one person sets herself",
    }
    for path in files:
        if path.name in meanings:
            yield f"  {path!s:<22}{meanings[path.name]}"


def _next_steps(directory: Path) -> Iterator[str]:
    steps = [
        (f"cd {shlex.quote(str(directory))}", ""),
        ("okrsync sandbox &", "the three trackers again, at the same addresses"),
        ("okrsync status", ""),
        ("${EDITOR:-vi} okrs/web.toml", "change a title or a target"),
        ("okrsync plan", "what would be done now?"),
        ("okrsync sync", "do it"),
        ("rm okrsync.db; okrsync sync", "the cache may be lost: nothing is made twice"),
    ]
    if shutil.which("okrsync") is None:
        here = Path(sys.executable).parent
        shown = os.path.relpath(here) if here.is_relative_to(Path.cwd()) else str(here)
        path = f"$PWD/{shown}" if not Path(shown).is_absolute() else shown
        steps.insert(0, (f'export PATH="{path}:$PATH"', "where okrsync is"))
    wide = max(len(typed) for typed, _ in steps)
    for typed, meaning in steps:
        yield f"  {typed:<{wide}}  {meaning}".rstrip()
