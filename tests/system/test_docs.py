"""The documentation as readers use it: links, settings and documents to copy, commands to type, the tutorial."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import requests
import time_machine

from okrsync import documents, settings
from okrsync.cli.call import Call
from okrsync.cli.program import program, run
from okrsync.problems import Problem
from okrsync.sandbox.company import Premises, SiteName
from okrsync.settings.against import check_against
from okrsync.trackers.plugins import load_plugins
from tests.system.pages import DOCS, ROOT, Block, anchors, blocks, every_page, guides, links, prose, shown, text_of

_CALL = re.compile(r"(?:^|(?<=[\s(/]))okrsync(?=\s|$)([^;&|)\n`]*)", re.MULTILINE)
_PLACEHOLDER = re.compile(r"COMMAND|SHELL")
_UNSETTLED = re.compile(r"(?<=\()\d+(?= requests?\))|(?<=^plan )[0-9a-f]{16}(?=:)|(?<=^takes )\d+(?= request)")
_TUTORIAL = DOCS / "tutorial" / "first-cycle.md"
_STEP = re.compile(
    r"<!-- test: write (?P<path>\S+) -->\n```\w+\n(?P<content>.*?)^```$"
    r"|<!-- test: replace in (?P<changed>\S+): (?P<old>.*?) -> (?P<new>.*?) -->"
    r"|^```console\n(?P<typed>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@pytest.mark.parametrize("page", every_page(), ids=shown)
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), f"{target} is nowhere"
        assert not anchor or anchor in anchors(place), f"{target}: that page has {', '.join(sorted(anchors(place)))}"


def test_every_page_of_the_documentation_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page.suffix == ".md" and page not in reached:
            reached.add(page)
            waiting += [(page.parent / target.partition("#")[0]).resolve() for target in links(page)]
    assert set(DOCS.rglob("*.md")) <= reached


@pytest.mark.parametrize("block", [each for page in guides() for each in blocks(page, "toml")], ids=str)
def test_settings_and_documents_to_copy_are_right(block: Block, tmp_path: Path) -> None:
    problems = problems_of(block.text, tmp_path)
    # What a document of a single page aligns to is in another document.
    problems = [
        each for each in problems if not (each.found.startswith("aligns to") and "which is not in" in each.found)
    ]
    assert not problems, "\n".join(map(str, problems))


def problems_of(text: str, folder: Path) -> list[Problem]:
    """What is wrong with settings, or with a document."""
    is_document = "cycle" in tomllib.loads(text)
    path = folder / "okrs" / "example.toml" if is_document else folder / "okrsync.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if is_document:
        return documents.check(path.parent, folder)[1]
    read, problems = settings.check(path, folder)
    return problems + (check_against(read, load_plugins()) if read else [])


def test_wrong_settings_and_documents_would_be_found(tmp_path: Path) -> None:
    assert problems_of('cycle = "2026-Q4"\nlevel = "team"\nteams = "platform"\n', tmp_path)
    assert problems_of('workspace = "acme"\n[trackers.work]\ntype = "jira"\ntoken = { env = "TOKEN" }\n', tmp_path)


def calls(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Every call of okrsync that a page shows, in blocks of commands and in sentences: the line, and its arguments."""
    lines = [code for code in re.findall(r"`([^`\n]+)`", prose(page)) if code.startswith("okrsync ")]
    for block in blocks(page, "sh", "console"):
        written = block.text.replace("\\\n", " ").splitlines()
        is_typed = "$ " if block.info == "console" else ""
        lines += [line for line in written if line.startswith(is_typed) and not line.lstrip().startswith("#")]
    for line in lines:
        for found in _CALL.finditer(line):
            arguments = re.sub(r"\s\d?[<>].*", "", found[1])
            yield line, [each for each in shlex.split(arguments, comments=True) if each != "…"]


def read_call(command: click.Command, arguments: list[str]) -> None:
    """Let click read a call without running it. Raises UsageError for a command or an option that does not exist."""
    if isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        below = command.get_command(click.Context(command), arguments[0])
        if below is None:
            raise click.UsageError(f"there is no command {arguments[0]!r}")
        read_call(below, arguments[1:])
        return
    with contextlib.suppress(click.MissingParameter, click.exceptions.Exit, click.exceptions.NoArgsIsHelpError):
        command.make_context(command.name, list(arguments), obj=Call(), help_option_names=["-h", "--help"])


@pytest.mark.usefixtures("capsys")
@pytest.mark.parametrize("page", guides(), ids=shown)
def test_commands_exist_with_their_options(page: Path) -> None:
    for line, arguments in calls(page):
        if any(_PLACEHOLDER.fullmatch(each) for each in arguments[:2]):
            continue
        try:
            read_call(program, arguments)
        except click.UsageError as wrong:
            pytest.fail(f"{line!r}: {wrong.format_message()}")


def test_commands_that_do_not_exist_would_be_found() -> None:
    for arguments in (["check-in"], ["sync", "--force"], ["cache", "drop"], ["--colour"], ["plan", "--expect", "x"]):
        with pytest.raises(click.UsageError):
            read_call(program, arguments)


@contextlib.contextmanager
def tracker_of_the_tutorial() -> Iterator[str]:
    """The Jira that the tutorial starts; its address."""
    with Premises([SiteName.JIRA_CLOUD]) as premises:
        premises.furnish()
        premises.serve({})
        yield premises.urls[SiteName.JIRA_CLOUD]


def type_in(line: str) -> str:
    """Do what a line of the tutorial says, and give back what it shows."""
    command, *arguments = shlex.split(line)
    said = io.StringIO()
    if command == "okrsync":
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            assert run(arguments) == 0, said.getvalue()
    elif command == "curl":
        options = dict(zip(arguments[1:-1:2], arguments[2:-1:2], strict=True))
        name, _, value = options.pop("-H", "Accept: */*").partition(": ")
        user, _, password = options["-u"].partition(":")
        answer = requests.request(
            options.get("-X", "GET"),
            arguments[-1],
            auth=(user, password),
            headers={name: value},
            data=options.get("-d"),
        )
        assert answer.ok, answer.text
        said.write("" if "-o" in options else answer.text)
    elif command == "rm":
        for path in Path().glob(arguments[0]):
            path.unlink()
    return said.getvalue()


def test_the_tutorial_goes_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    address = re.search(r"http://127\.0\.0\.1:\d+", text_of(_TUTORIAL))
    assert address
    with time_machine.travel("2026-11-22T12:00:00Z", tick=True), tracker_of_the_tutorial() as url:
        for step in _STEP.finditer(text_of(_TUTORIAL)):
            if step["path"]:
                Path(step["path"]).write_text(step["content"], encoding="utf-8")
            elif step["changed"]:
                path, (old, new) = Path(step["changed"]), (step[name].replace("\\n", "\n") for name in ("old", "new"))
                assert path.read_text(encoding="utf-8").count(old) == 1, f"{old!r} in {path}"
                path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
            else:
                follow(step["typed"], (address[0], url), monkeypatch)


def settled(text: str) -> list[str]:
    """Lines without what other tests hold: how many requests something takes, and what a digest is made of."""
    return [_UNSETTLED.sub("…", line.rstrip()) for line in text.splitlines()]


def follow(typed: str, addresses: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Type the commands of a block, and see that each shows what stands below it."""
    written, real = addresses
    for part in re.split(r"^\$ ", typed, flags=re.MULTILINE)[1:]:
        line, _, expected = part.partition("\n")
        if line.startswith("export "):
            monkeypatch.setenv(*line.removeprefix("export ").split("=", 1))
        elif line.startswith("mkdir "):
            Path(line.split()[1]).mkdir()
        elif line.startswith("cd "):
            monkeypatch.chdir(line.split()[1])
        else:
            shows = type_in(line.replace(written, real)).replace(real, written)
            assert settled(shows) == settled(expected), line
