"""`okrsync init`: the settings and a first document, from a few answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrsync.cli.call import Call
from okrsync.cli.options import command

if TYPE_CHECKING:
    from okrsync.cli.first_workspace import Answers
    from okrsync.domain.cycle import Cycle
    from okrsync.trackers.errors import TrackerError
    from okrsync.trackers.interface import Tracker
    from okrsync.trackers.plugins import Plugins

NO_TRACKER_TYPE = "none"
SETTINGS = "okrsync.toml"
IGNORED = "okrsync.db*"


@command("init")
@click.option("--directory", type=click.Path(path_type=Path), default=Path(), help="Where to write. Default: here.")
@click.option("--workspace", metavar="NAME", help="The workspace's name, part of every marker. Default: the folder's.")
@click.option("--tracker-type", metavar="TYPE", help="jira, github, what a plugin brings, or none.")
@click.option("--url", help="The tracker's address.")
@click.option("--user", help="The account that the token belongs to, where the tracker needs it: Jira Cloud.")
@click.option("--token-env", metavar="NAME", help="The environment variable with the token.")
@click.option("--project", help="Jira: the project's key; GitHub: owner/repository.")
@click.option("--board", metavar="OWNER/NUMBER", help="GitHub: a Projects board with number fields.")
@click.option("--team", help="The team whose OKRs the first document holds.")
@click.option("--owner", help="Who answers for them. Default: OKRSYNC_USER, else your login name.")
@click.option("--offline", is_flag=True, help="Do not look at the tracker, even where the token is there.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: take the flags, and what is likely for the rest.")
def init(call: Call, directory: Path, offline: bool, yes: bool, **flags: str | None) -> int:
    """Write okrsync.toml and a first OKR document, with comments, and overwrite nothing.

    Where the token is in the environment already, projects and fields are looked up. Nothing is written to a tracker.
    """
    from okrsync.trackers.plugins import load_plugins

    _refuse_overwriting(directory / SETTINGS)
    asker = _Asker(call, flags, yes)
    answers = replace(_ask(asker, load_plugins(), directory, offline=offline), owner=_owner(flags))
    cycle = _this_quarter()
    written = _write(call, answers, directory, cycle)
    _say_next(call, answers, directory, written)
    return 0


def _owner(flags: Mapping[str, str | None]) -> str:
    from okrsync.cli.identity import likely_owner

    return (flags.get("owner") or "").strip() or likely_owner()


@dataclass(frozen=True)
class _Asker:
    """Gets an answer from a flag, from a person, or from what is likely."""

    call: Call
    flags: dict[str, str | None]
    yes: bool

    def get(self, flag: str, question: str, likely: str = "", *, needed: bool = True) -> str:
        """The answer; what is needed and neither given nor likely is asked for, or missed."""
        given = self.flags.get(flag)
        if given is not None:
            return given.strip()
        if not self.yes:
            return self.ask(question, likely, needed=needed)
        if needed and not likely:
            raise click.UsageError(f"--yes asks nothing, so --{flag.replace('_', '-')} is needed")
        return likely

    def get_right(self, flag: str, question: str, likely: str, wrong: Callable[[str], str]) -> str:
        """As `get`, where `wrong` says what is wrong with an answer, if anything is. A person is asked again."""
        while True:
            answer = self.get(flag, question, likely)
            said = wrong(answer)
            if not said:
                return answer
            if self.yes or self.flags.get(flag) is not None:
                raise click.UsageError(f"--{flag.replace('_', '-')}: {said}")
            self.call.voice.fail(said)

    def ask(self, question: str, likely: str = "", *, needed: bool = True) -> str:
        """Ask a person."""
        default = likely if likely or not needed else None
        try:
            answer: str = click.prompt(question, default=default, show_default=bool(likely), err=True)
        except click.Abort:
            if sys.stdin.isatty():
                raise
            raise click.UsageError("nobody is there to answer: give the answers as flags, with --yes") from None
        return answer.strip()

    def choose(self, flag: str, question: str, known: list[str], likely: str) -> str:
        """As `get`, one of `known`."""
        from okrsync.problems import did_you_mean, listed

        def wrong(answer: str) -> str:
            if answer in known:
                return ""
            return f"{answer!r} is not one of {listed(known)}. {did_you_mean(answer, known)}".rstrip()

        return self.get_right(flag, f"{question} ({', '.join(known)})", likely, wrong)


def _ask(asker: _Asker, plugins: Plugins, directory: Path, *, offline: bool) -> Answers:
    from okrsync.cli.first_workspace import Answers, slug
    from okrsync.settings.trackers import wrong_url, wrong_variable

    name = slug(directory.absolute().name, "okrs")
    workspace = asker.get("workspace", "Name of the workspace (part of every marker: it stays)", name)
    kinds = plugins.trackers
    first = "jira" if "jira" in kinds else next(iter(kinds), NO_TRACKER_TYPE)
    chosen = asker.choose("tracker_type", "Tracker", [*kinds, NO_TRACKER_TYPE], first)
    if chosen == NO_TRACKER_TYPE:
        return Answers(workspace, asker.get("team", "Team", "platform"), "")
    kind = kinds[chosen]
    examples = {"jira": " (such as https://acme.atlassian.net)"}
    url = asker.get_right("url", f"Address{examples.get(chosen, '')}", kind.default_url or "", wrong_url)
    user = ""
    if chosen == "jira" or kind.needs_user:
        question = "Account of the token (Jira Cloud: its e-mail address; Data Center: empty)"
        needed = kind.needs_user or url.endswith(".atlassian.net")
        user = asker.get("user", question if chosen == "jira" else "Account of the token", needed=needed)
    elif asker.flags.get("user"):
        user = asker.flags["user"] or ""
    likely = f"OKRSYNC_{chosen.upper()}_TOKEN"
    variable = asker.get_right("token_env", "Environment variable with the token", likely, wrong_variable)
    answers = Answers(
        workspace,
        "",
        chosen,
        url=url,
        user=user,
        token_env=variable,
        objective_form=sorted(kind.capabilities.objective_forms)[0],
    )
    return _ask_about_project(asker, answers, offline=offline)


def _ask_about_project(asker: _Asker, answers: Answers, *, offline: bool) -> Answers:
    """Project, team and fields, with a look at the tracker where that is possible."""
    from okrsync.cli.looking import has_token, opened
    from okrsync.trackers.errors import TrackerError

    voice = asker.call.voice
    if offline or not has_token(answers):
        if not offline:
            voice.note(f"{answers.token_env} is not set, so nothing is looked up; `okrsync check --online` does later")
        return _questions(asker, answers, None)
    _refuse_bad(answers)
    try:
        with opened(answers) as tracker:
            login = tracker.login()
            voice.note(f"logged in as {login.account} at {login.server}")
            return _questions(asker, answers, tracker)
    except TrackerError as error:
        voice.warn(f"the tracker could not be asked: {_reason(error)}")
        return _questions(asker, answers, None)


def _reason(error: TrackerError) -> str:
    """Why the tracker could not be asked, without a place in settings that nobody has written yet."""
    from okrsync.problems import Problems

    cause = error.__cause__
    if not isinstance(cause, Problems):
        return str(error)
    return " ".join(f"{each.found}. {each.do}".rstrip() for each in cause.problems)


def _questions(asker: _Asker, answers: Answers, tracker: Tracker | None) -> Answers:
    example = "owner/repository" if answers.tracker_type == "github" else "the project's key, such as PLAT"
    projects = list(tracker.projects()) if tracker else []
    if projects and not asker.flags.get("project"):
        asker.call.voice.note(f"projects that this account sees: {', '.join(projects[:40])}")
    project = asker.get("project", f"Project ({example})", projects[0] if len(projects) == 1 else "")
    unseen = bool(projects) and project not in projects
    if unseen:
        asker.call.voice.warn(f"this account does not see a project {project!r}")
    board = ""
    if answers.tracker_type == "github":
        board = asker.get("board", "Projects board with number fields (owner/number; empty for none)", needed=False)
    team = asker.get("team", "Team", "platform")
    known = replace(answers, project=project, board=board, team=team)
    return _with_fields(asker, known, tracker) if tracker and not unseen else known


def _with_fields(asker: _Asker, answers: Answers, tracker: Tracker) -> Answers:
    """Offer the number fields that are there, by name, for what is tracked."""
    from okrsync.cli.first_workspace import ROLES
    from okrsync.cli.looking import likely, number_fields
    from okrsync.trackers.errors import TrackerError

    if answers.tracker_type == "github" and not answers.board:
        return answers
    try:
        names = number_fields(tracker, answers.project, answers.board)
    except TrackerError as error:
        asker.call.voice.warn(f"the fields could not be looked up: {error}")
        return answers
    if not names:
        asker.call.voice.note("there is no number field to track values in; values can come from check-ins")
        return answers
    asker.call.voice.note(f"number fields: {', '.join(names)}")
    chosen: dict[str, str] = {}
    for role in ROLES:
        left = [name for name in names if name not in chosen.values()]
        found = likely(role, left)
        answer = found if asker.yes else _field(asker, role, left, found)
        if answer:
            chosen[role] = answer
    return replace(answers, fields=chosen)


def _field(asker: _Asker, role: str, names: list[str], found: str) -> str:
    from okrsync.problems import did_you_mean

    while True:
        answer = asker.ask(f"Field for the {role} value (- for none)", found or "-")
        if answer in {"-", ""}:
            return ""
        if answer in names:
            return answer
        asker.call.voice.fail(f"{answer!r} is not one of them. {did_you_mean(answer, names)}".rstrip())


def _refuse_overwriting(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise click.UsageError(
            f"{path} exists already, and nothing is overwritten: edit it, or name another folder with --directory"
        )


def _refuse_bad(answers: Answers) -> None:
    """See that the answers make valid settings and a valid document, before anything is written or asked.

    Raises:
        Problems: all that is wrong, at its place in the file that would be written.
    """
    import tempfile

    from okrsync.cli.first_workspace import document_text, settings_text
    from okrsync.documents import check as check_documents
    from okrsync.problems import Problems
    from okrsync.settings import check

    whole = replace(answers, project=answers.project or "PLAT", team=answers.team or "platform")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / SETTINGS).write_text(settings_text(whole), "utf-8")
        (folder / "okrs").mkdir()
        (folder / "okrs" / "first.toml").write_text(document_text(whole, _this_quarter()), "utf-8")
        _, problems = check(folder / SETTINGS, folder)
        problems += check_documents(folder / "okrs", folder)[1]
    if problems:
        raise Problems(problems)


def _this_quarter() -> Cycle:
    from okrsync.app import utc_now
    from okrsync.domain.cycle import parse_cycle

    today = utc_now().date()
    return parse_cycle(f"{today.year}-Q{(today.month + 2) // 3}")


def _write(call: Call, answers: Answers, directory: Path, cycle: Cycle) -> list[Path]:
    """Write the files that are not there yet; their paths."""
    from okrsync.cli.first_workspace import document_text, settings_text, slug

    _refuse_bad(answers)
    document = directory / "okrs" / cycle.name / f"{slug(answers.team, 'team')}.toml"
    _refuse_overwriting(document)
    document.parent.mkdir(parents=True, exist_ok=True)
    written = [directory / SETTINGS, document]
    for path, text in zip(written, (settings_text(answers), document_text(answers, cycle)), strict=True):
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    ignore = directory / ".gitignore"
    before = ignore.read_text("utf-8", "replace") if ignore.exists() else ""
    if not {IGNORED, "*.db", "okrsync.db"} & {line.strip() for line in before.splitlines()}:
        with ignore.open("a", encoding="utf-8") as file:
            gap = "" if before.endswith("\n") or not before else "\n"
            file.write(f"{gap}# The cache of okrsync belongs to this machine.\n{IGNORED}\n.{IGNORED}\n")
        written.append(ignore)
    return written


def _say_next(call: Call, answers: Answers, directory: Path, written: list[Path]) -> None:
    from okrsync.cli.first_workspace import next_steps
    from okrsync.cli.looking import has_token

    if call.quiet:
        return
    document = written[1].relative_to(directory)
    lines = ["written:", *(f"  {path}" for path in written), "", "next:"]
    lines += [f"  {step}" for step in next_steps(answers, str(directory), str(document), has_token=has_token(answers))]
    call.screen.lines(lines)
