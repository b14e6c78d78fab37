"""The program as a whole: its commands, global options, and how calls end."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import click
import pytest

from okrsync.cli.call import Call
from okrsync.cli.program import COMMANDS, program, run
from tests.unit.cli.conftest import Okrsync


def test_the_help_names_every_command_and_what_it_does(okrsync: Okrsync) -> None:
    said = okrsync("--help")
    assert said.code == 0 and said.err == ""
    for name, (_, summary) in COMMANDS.items():
        assert f"  {name} " in said.out and summary in said.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_where_the_program_looks_for_it_and_explains_itself(name: str, okrsync: Okrsync) -> None:
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, click.Command) and found.name == name
    said = okrsync(name, "--help")
    assert said.code == 0 and f"okrsync {name}" in said.out and "--config" in said.out


@pytest.mark.parametrize("name", ["check", "plan", "sync", "pull", "status", "tree", "trackers", "fields"])
def test_every_command_that_shows_data_has_json(name: str, okrsync: Okrsync) -> None:
    assert "--json" in okrsync(name, "--help").out


def test_the_version_is_that_of_the_distribution(okrsync: Okrsync) -> None:
    from importlib.metadata import version

    assert okrsync("--version").out == f"okrsync {version('okrsync')}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stauts"], "Did you mean 'status'?"),
        (["status", "--jsn"], "--jsn"),
        (["fields", "work"], "PROJECT"),
        (["status", "extra"], "extra"),
        (["--log-format", "xml", "status"], "xml"),
        (["completion", "tcsh"], "tcsh"),
    ],
)
def test_a_wrong_call_is_explained_and_ends_with_2(arguments: list[str], words: str, okrsync: Okrsync) -> None:
    said = okrsync(*arguments)
    assert said.code == 2 and words in said.err and said.out == ""


def test_no_command_shows_the_help(okrsync: Okrsync) -> None:
    said = okrsync()
    assert "Commands:" in said.out + said.err and said.code == 2


@pytest.mark.parametrize("position", ["before", "after"])
def test_global_options_stand_before_or_after_the_command(position: str, workspace: Path, okrsync: Okrsync) -> None:
    elsewhere = workspace / "elsewhere"
    elsewhere.mkdir()
    (workspace / "okrsync.toml").rename(elsewhere / "okrsync.toml")
    (workspace / "okrs").rename(elsewhere / "okrs")
    options = ["--config", str(elsewhere / "okrsync.toml"), "--cycle", "2026-Q4"]
    arguments = [*options, "status", "--json"] if position == "before" else ["status", "--json", *options]
    assert okrsync(*arguments).json["cycle"] == "2026-Q4"


def test_the_settings_may_be_named_by_their_folder_or_the_environment(
    workspace: Path, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("away"))
    assert okrsync("status").code == 2
    assert okrsync("status", "--config", str(workspace)).code == 0
    monkeypatch.setenv("OKRSYNC_CONFIG", str(workspace / "okrsync.toml"))
    assert okrsync("status").code == 0


def test_a_cycle_that_is_not_there_is_bad_usage(workspace: Path, okrsync: Okrsync) -> None:
    said = okrsync("status", "--cycle", "2031-Q1")
    assert said.code == 2 and "2031-Q1" in said.err and "2026-Q4" in said.err


def test_without_settings_the_next_step_is_named(folder: Path, okrsync: Okrsync) -> None:
    said = okrsync("plan")
    assert said.code == 2 and "okrsync init" in said.err and said.err.endswith("1 problem\n")


def test_an_error_in_okrsync_has_no_traceback_unless_asked_for(
    workspace: Path, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_call: Call) -> None:
        raise ZeroDivisionError("boom \x1b[2J ghp_abcdefghijklmnop")

    monkeypatch.setattr(Call, "workspace", broken)
    said = okrsync("status")
    assert said.code == 1 and "ZeroDivisionError: boom" in said.err and "Traceback" not in said.err
    assert "\x1b" not in said.err and "ghp_" not in said.err
    loud = okrsync("status", "--verbose")
    assert "Traceback" in loud.err and "ghp_" not in loud.err


def test_ctrl_c_ends_with_130(workspace: Path, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_call: Call) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Call, "workspace", stopped)
    said = okrsync("status")
    assert said.code == 130 and "stopped" in said.err


def test_messages_may_be_json_line_by_line(folder: Path, okrsync: Okrsync) -> None:
    said = okrsync("--log-format", "json", "status")
    lines = [json.loads(line) for line in said.err.splitlines()]
    assert said.code == 2 and [line["level"] for line in lines] == ["error"]
    assert lines[0]["file"] == "okrsync.toml" and lines[0]["timestamp"].endswith("Z")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_its_completion_script(shell: str, okrsync: Okrsync) -> None:
    said = okrsync("completion", shell)
    assert said.code == 0 and "_OKRSYNC_COMPLETE" in said.out


def test_names_of_commands_are_completed_without_importing_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_arguments: object) -> None:
        raise AssertionError("a command was imported")

    monkeypatch.setattr("okrsync.cli.program.import_module", none)
    context = program.make_context("okrsync", [], resilient_parsing=True)
    found = {each.value: each.help for each in program.shell_complete(context, "s")}
    assert found == {name: COMMANDS[name][1] for name in ("stage", "sync", "status", "score", "sandbox")}
    assert [each.value for each in program.shell_complete(context, "--ver")] == ["--verbose", "--version"]


def test_a_call_may_be_made_with_options_of_its_own(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--json"], Call(config=workspace)) == 0
    assert json.loads(capsys.readouterr().out)["workspace"] == "acme"
