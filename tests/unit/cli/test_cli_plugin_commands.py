"""Commands that plugins add, and what they hear after a sync: from distributions as an installer leaves them."""

from __future__ import annotations

import json
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from okrsync.cli.call import Call
from okrsync.cli.plugin_commands import _outside
from okrsync.cli.program import run
from okrsync.trackers.commands import GlobalOptions
from okrsync.trackers.synced import SyncChange, SyncFailure, SyncReport
from tests.unit.cli.conftest import DOCUMENT, Okrsync

ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "plugins" / "example"
HEAD = "import click\nfrom okrsync.trackers.hookspecs import hookimpl\n"
WALL = """
@hookimpl
def register_commands(cli):
    @cli.command()
    @click.option("--bright", is_flag=True, help="How bright.")
    @click.pass_obj
    def wall(options, bright):
        '''Show the objectives on the wall.'''
        click.echo(f"{options.config} {options.cycle} {options.quiet} {options.verbose} {bright}")
        return 7
"""
SHELF = """\
workspace = "acme"

[trackers.shelf]
type = "example"
file = "shelf.json"
token = { env = "OKRSYNC_TEST_TOKEN" }

[[mappings]]
tracker = "shelf"
project = "DEMO"
objectives = { as = "entry" }
fields = { current = "KR current" }
"""


class Site:
    """A folder of installed distributions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def install(self, name: str, source: str) -> None:
        """Install a plugin with one module."""
        module = f"wall_{self.folder.parent.name}_{name}".replace("-", "_")
        (self.folder / f"{module}.py").write_text(HEAD + source, "utf-8")
        self.declare(name, module)

    def declare(self, name: str, module: str, distribution: str = "") -> None:
        """Leave what an installer leaves of a plugin whose module is importable."""
        distribution = distribution or f"acme-{name}"
        about = self.folder / f"{distribution.replace('-', '_')}-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1\n", "utf-8")
        (about / "entry_points.txt").write_text(f"[okrsync]\n{name} = {module}\n", "utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    site = Site(tmp_path / "site")
    monkeypatch.syspath_prepend(site.folder)
    return site


def test_a_command_of_a_plugin_is_shown_and_runs(site: Site, folder: Path, okrsync: Okrsync) -> None:
    site.install("wall", WALL)
    said = okrsync("--help")
    assert said.err == "" and "Commands of plugins:" in said.out
    assert "  wall" in said.out and "Show the objectives on the wall." in said.out
    said = okrsync("wall", "--help")
    assert said.code == 0 and "--bright" in said.out and "How bright." in said.out and "--config" in said.out
    said = okrsync("wall", "--bright")
    assert (said.code, said.out) == (7, "None None False False True\n")


def test_global_options_may_stand_before_and_after_it(site: Site, folder: Path, okrsync: Okrsync) -> None:
    site.install("wall", WALL)
    (folder / "okrsync.toml").write_text('workspace = "acme"\n', "utf-8")
    for typed in (
        "-q --cycle 2026-Q3 --config okrsync.toml wall",
        "--cycle 2026-Q3 wall --config okrsync.toml -q",
        "wall --config okrsync.toml -q --cycle 2026-Q3",
    ):
        assert okrsync(*shlex.split(typed)).out == "okrsync.toml 2026-Q3 True False False\n"


def test_no_plugin_replaces_a_command_of_okrsync(site: Site, workspace: Path, okrsync: Okrsync) -> None:
    site.install("wall", WALL + "    cli.add_command(wall, 'status')\n    cli.add_command(wall, 'sync')\n")
    said = okrsync("--help")
    assert said.out.count("  status  ") == 1 and "  wall" in said.out
    assert said.err.splitlines() == [
        f"plugin wall is left out: command {name!r} is one of okrsync's own" for name in ("status", "sync")
    ]
    assert okrsync("status", "--json").json["workspace"] == "acme"


def test_of_two_plugins_with_one_command_the_first_by_name_counts(site: Site, folder: Path, okrsync: Okrsync) -> None:
    site.install("zwall", WALL.replace("return 7", "return 9"))
    site.install("wall", WALL)
    said = okrsync("wall")
    assert said.code == 7
    assert "plugin zwall is left out: command 'wall' is added by the plugin wall already" in said.err


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("import a_library_that_nobody_has\n", "a_library_that_nobody_has"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("@hookimpl\ndef register_commands(cli):\n    raise OSError('no lamp')\n", "OSError: no lamp"),
        ("@hookimpl\ndef register_commands(cli):\n    cli.commands['x'] = 7\n", "added 7 as 'x'"),
        ("@hookimpl\ndef register_commandz(cli):\n    pass\n", "register_commandz"),
    ],
)
def test_a_plugin_that_fails_is_named_and_the_others_are_there(
    broken: str, reason: str, site: Site, folder: Path, okrsync: Okrsync
) -> None:
    site.install("wall", WALL)
    site.install("aaa", broken)
    said = okrsync("--help")
    assert said.code == 0 and "  wall" in said.out and "  status  " in said.out
    assert "plugin aaa is left out: " in said.err and reason in said.err
    assert okrsync("wall").code == 7


def test_only_allowed_plugins_add_commands(site: Site, workspace: Path, okrsync: Okrsync) -> None:
    site.install("wall", WALL)
    site.install("stranger", "raise RuntimeError('somebody imported me')\n")
    settings = workspace / "okrsync.toml"
    plain = settings.read_text("utf-8")
    settings.write_text(f'{plain}\n[plugins]\nallow = ["jira", "wall"]\n', "utf-8")
    said = okrsync("--help")
    assert "  wall" in said.out and said.err == ""
    for allow in ("[]", "7", "[7]"):
        settings.write_text(f"{plain}\n[plugins]\nallow = {allow}\n", "utf-8")
        said = okrsync("wall")
        assert said.code == 2 and "there is no command 'wall'" in said.err
    elsewhere = workspace / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "okrsync.toml").write_text('workspace = "acme"\n[plugins]\nallow = ["wall"]\n', "utf-8")
    for typed in ("wall --config elsewhere", "wall --config=elsewhere", "--config elsewhere wall"):
        assert okrsync(*shlex.split(typed)).code == 7
    assert "  wall" in okrsync("--config", "elsewhere", "--help").out


def test_settings_that_cannot_be_read_allow_nobody(site: Site, folder: Path, okrsync: Okrsync) -> None:
    site.install("wall", WALL)
    assert okrsync("wall").code == 7
    (folder / "okrsync.toml").write_text("workspace = [\n", "utf-8")
    said = okrsync("--help")
    assert said.code == 0 and "  status  " in said.out and "  wall" not in said.out
    assert "plugin wall is left out: which plugins may be loaded is not known: okrsync.toml:" in said.err
    # What else is wrong in the settings is no reason.
    (folder / "okrsync.toml").write_text("workspce = 7\n", "utf-8")
    assert okrsync("wall").code == 7


def test_an_error_in_a_command_is_one_of_its_plugin(site: Site, folder: Path, okrsync: Okrsync) -> None:
    site.install("wall", WALL.replace("        return 7", "        return 1 / 0"))
    said = okrsync("wall")
    assert said.code == 1 and "an error in the plugin wall, ZeroDivisionError" in said.err


def test_a_mistyped_name_may_mean_a_command_of_a_plugin(site: Site, folder: Path, okrsync: Okrsync) -> None:
    site.install("wall", WALL)
    assert "Did you mean 'wall'?" in okrsync("wal").err


def test_nothing_is_loaded_for_okrsyncs_own_commands(site: Site, workspace: Path, okrsync: Okrsync) -> None:
    site.install("stranger", "raise RuntimeError('somebody imported me')\n")
    for typed in ("status", "status --help", "tree", "--version"):
        assert "stranger" not in okrsync(*typed.split()).err


def test_the_bundled_plugins_are_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, okrsync: Okrsync
) -> None:
    site = Site(tmp_path / "bare")
    site.declare("jira", "okrsync_jira", "okrsync")
    monkeypatch.setattr("sys.path", [str(site.folder)])
    assert list(_outside()) == []
    site.declare("wall", "acme_wall")
    assert [each.name for each in _outside()] == ["acme_wall-1.dist-info"]


def test_what_a_command_is_promised_is_what_it_gets() -> None:
    options: GlobalOptions = Call()
    assert (options.config, options.cycle, options.quiet, options.verbose) == (None, None, False, False)


@pytest.fixture
def shelf(site: Site, folder: Path, okrsync: Okrsync, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace on the example plugin's tracker, made by its own command."""
    monkeypatch.syspath_prepend(PLUGIN)
    monkeypatch.setenv("OKRSYNC_TEST_TOKEN", "open-sesame")
    monkeypatch.setenv("SHELF_DIARY", str(folder / "diary"))
    site.declare("example", "okrsync_example", "okrsync-example")
    assert okrsync("new-shelf", "shelf.json", "--token", "open-sesame").out == "made shelf.json with DEMO\n"
    assert okrsync("new-shelf", "shelf.json", "--token", "x").code == 2
    (folder / "okrsync.toml").write_text(SHELF, "utf-8")
    (folder / "okrs").mkdir()
    (folder / "okrs" / "platform.toml").write_text(DOCUMENT, "utf-8")
    return folder


def test_a_plugin_hears_what_a_sync_did(shelf: Path, okrsync: Okrsync) -> None:
    assert okrsync("sync", "--dry-run").code == 0 and okrsync("pull").code == 0
    assert not (shelf / "diary").exists()
    assert okrsync("sync").code == 0
    assert okrsync("checkin", "fast/p95", "--value", "2.5", "--as", "dana").code == 0
    assert okrsync("sync").code == 0
    first, *_, last = [json.loads(line) for line in (shelf / "diary").read_text("utf-8").splitlines()]
    assert first["changes"] == ["create 2026-Q4/fast", "create 2026-Q4/fast/p95"]
    assert (first["workspace"], first["cycle"], first["exit_code"]) == ("acme", "2026-Q4", 0)
    assert last["values"] == {"2026-Q4/fast/p95": 2.5}
    assert "open-sesame" not in (shelf / "diary").read_text("utf-8")


def test_what_goes_wrong_in_a_plugin_after_a_sync_is_a_warning(site: Site, shelf: Path, okrsync: Okrsync) -> None:
    site.install("deaf", "@hookimpl\ndef synced(report):\n    raise SystemExit(9)\n")
    said = okrsync("sync", "--json")
    assert said.code == 0 and said.json["exit_code"] == 0 and len(said.json["changes"]) == 2
    assert said.err.splitlines() == ["plugin deaf failed when it was told of the sync: SystemExit: 9"]
    assert len((shelf / "diary").read_text("utf-8").splitlines()) == 1


def test_the_daemon_tells_plugins_too(shelf: Path) -> None:
    assert run(["daemon", "--once"]) == 0
    assert json.loads((shelf / "diary").read_text("utf-8").splitlines()[0])["changes"] == [
        "create 2026-Q4/fast",
        "create 2026-Q4/fast/p95",
    ]


def test_the_reference_names_every_hook_and_everything_in_a_report() -> None:
    from okrsync.trackers import hookspecs

    page = (ROOT / "docs" / "reference" / "hooks.md").read_text("utf-8")
    hooks = [name for name, hook in vars(hookspecs).items() if hasattr(hook, "okrsync_spec")]
    assert {"register_commands", "synced"} < set(hooks)
    for name in hooks:
        assert f"`{name}(" in page, f"docs/reference/hooks.md does not name the hook {name}"
    for value in (SyncReport, SyncChange, SyncFailure):
        for each in fields(value):
            assert f"`{each.name}`" in page, f"docs/reference/hooks.md does not name {value.__name__}.{each.name}"
