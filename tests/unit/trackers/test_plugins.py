"""Loading plugins: each apart, so that a broken one is named and left out."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from okrsync.documents.keys import MEASURES
from okrsync.trackers.plugins import GROUP, LeftOut, Plugins, load_plugins
from okrsync.trackers.sources import RESERVED

ROOT = Path(__file__).parents[3]
HEAD = """
from okrsync.trackers.hookspecs import hookimpl
from okrsync.trackers.interface import TrackerType
from okrsync.trackers.sources import MeasureType
from okrsync.testing import MemoryTracker
from okrsync.domain.linting import Rule, Severity

def rule(code):
    class Ruled(Rule):
        name, severity, summary = "a-rule", Severity.INFO, "nothing"

        def check(self, context):
            return iter(())

    Ruled.code = code
    return Ruled()

def gauge(name, summary="A measure"):
    return MeasureType(name, summary, load=None, options={})

def bell(name, summary="A notifier"):
    from okrsync.trackers.notifiers import NotifierType
    return NotifierType(name, summary, lambda context: None)
def kind(name, summary="A tracker"):
    return TrackerType(name, summary, load=MemoryTracker, capabilities=MemoryTracker.capabilities)
"""


class Shelf:
    """Writes plugins as modules that can be imported."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._points: list[EntryPoint] = []

    def put(self, name: str, source: str) -> None:
        module = f"okrsync_shelf_{self._folder.name}_{name}".replace("-", "_")
        (self._folder / f"{module}.py").write_text(HEAD + source, encoding="utf-8")
        self.point(name, module)

    def point(self, name: str, module: str) -> None:
        self._points.append(EntryPoint(name, module, GROUP))

    def load(self, allowed: list[str] | None = None) -> Plugins:
        return load_plugins(self._points, allowed)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    folder = tmp_path / tmp_path.name.replace("-", "_")
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    made = Shelf(folder)
    made.put("good", "@hookimpl\ndef register_trackers():\n    return [kind('good'), kind('better')]\n")
    return made


def good_is_there_and(plugins: Plugins, name: str) -> LeftOut:
    """The one that was left out; what the good plugin offers is there."""
    assert set(plugins.trackers) == {"good", "better"}
    assert [each.name for each in plugins.left_out] == [name]
    return plugins.left_out[0]


def test_a_plugin_offers_its_kinds_of_tracker(shelf: Shelf) -> None:
    plugins = shelf.load()

    assert set(plugins.trackers) == {"good", "better"}
    assert plugins.trackers["good"].name == "good"
    assert plugins.left_out == ()


@pytest.mark.parametrize("name", ["aaa", "zzz"])
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param("import a_library_that_nobody_has\n", "a_library_that_nobody_has", id="missing library"),
        pytest.param("raise RuntimeError('no licence')\n", "RuntimeError: no licence", id="fails when imported"),
        pytest.param("def broken(:\n", "SyntaxError", id="no Python"),
        pytest.param(
            "@hookimpl\ndef register_trackers():\n    raise OSError('no disk')\n", "OSError: no disk", id="hook fails"
        ),
        pytest.param("@hookimpl\ndef register_trackerz():\n    return []\n", "register_trackerz", id="unknown hook"),
        pytest.param(
            "@hookimpl\ndef register_trackers(everything):\n    return []\n", "everything", id="unknown argument"
        ),
        pytest.param("@hookimpl\ndef register_trackers():\n    return 7\n", "TypeError", id="no list"),
    ],
)
def test_a_broken_plugin_is_named_and_left_out(shelf: Shelf, name: str, source: str, reason: str) -> None:
    shelf.put(name, source)

    assert reason in good_is_there_and(shelf.load(), name).reason


def test_a_module_that_is_gone_is_named(shelf: Shelf) -> None:
    shelf.point("gone", "okrsync_was_uninstalled")

    assert "okrsync_was_uninstalled" in good_is_there_and(shelf.load(), "gone").reason


def test_of_two_plugins_with_one_kind_the_first_by_name_counts(shelf: Shelf) -> None:
    shelf.put("other", "@hookimpl\ndef register_trackers():\n    return [kind('good', 'Mine'), kind('third')]\n")

    plugins = shelf.load()

    assert set(plugins.trackers) == {"good", "better", "third"}
    assert plugins.trackers["good"].summary == "A tracker"
    assert [each.name for each in plugins.left_out] == ["other"]
    assert "'good'" in plugins.left_out[0].reason


def test_a_plugin_offers_its_measures(shelf: Shelf) -> None:
    shelf.put("gauges", "@hookimpl\ndef register_measures():\n    return [gauge('tides'), gauge('moons')]\n")

    plugins = shelf.load()

    assert set(plugins.measures) == {"tides", "moons"}
    assert set(plugins.trackers) == {"good", "better"}
    assert plugins.left_out == ()


def test_of_two_plugins_with_one_measure_the_first_by_name_counts(shelf: Shelf) -> None:
    shelf.put("gauges", "@hookimpl\ndef register_measures():\n    return [gauge('tides')]\n")
    shelf.put("more", "@hookimpl\ndef register_measures():\n    return [gauge('tides', 'Mine'), gauge('moons')]\n")

    plugins = shelf.load()

    assert {name: each.summary for name, each in plugins.measures.items()} == {
        "tides": "A measure",
        "moons": "A measure",
    }
    assert plugins.left_out == (LeftOut("more", "measure 'tides' is offered by another plugin already"),)


def test_of_two_plugins_with_one_notifier_the_first_by_name_counts(shelf: Shelf) -> None:
    shelf.put("bells", "@hookimpl\ndef register_notifiers():\n    return [bell('gong')]\n")
    shelf.put("more", "@hookimpl\ndef register_notifiers():\n    return [bell('gong', 'Mine'), bell('horn')]\n")
    plugins = shelf.load()
    assert list(plugins.notifiers) == ["gong", "horn"]
    assert plugins.notifiers["gong"].summary == "A notifier"
    assert LeftOut("more", "notifier 'gong' is offered by another plugin already") in plugins.left_out


def test_a_plugin_whose_notifiers_are_none_is_left_out(shelf: Shelf) -> None:
    shelf.put("bells", "@hookimpl\ndef register_notifiers():\n    return [kind('gong')]\n")
    assert "register_notifiers gave" in good_is_there_and(shelf.load(), "bells").reason


def test_no_plugin_takes_the_name_of_a_measure_that_okrsync_brings(shelf: Shelf) -> None:
    assert set(MEASURES) == RESERVED
    names = sorted(RESERVED)
    shelf.put("gauges", f"@hookimpl\ndef register_measures():\n    return [gauge(each) for each in {names}]\n")

    plugins = shelf.load()

    assert plugins.measures == {}
    assert len(plugins.left_out) == len(names)
    assert plugins.left_out[0] == LeftOut("gauges", "measure 'average' is one that okrsync brings itself")


@pytest.mark.parametrize("given", ["[3]", "[kind('x')]", "3"])
def test_a_plugin_whose_measures_are_none_is_left_out_as_a_whole(shelf: Shelf, given: str) -> None:
    source = "@hookimpl\ndef register_trackers():\n    return [kind('third')]\n@hookimpl\ndef register_measures():\n"
    shelf.put("gauges", f"{source}    return {given}\n")

    assert "TypeError" in good_is_there_and(shelf.load(), "gauges").reason


def test_what_is_not_allowed_is_not_even_imported(shelf: Shelf) -> None:
    shelf.put("stranger", "raise RuntimeError('somebody imported me')\n")

    left_out = good_is_there_and(shelf.load(allowed=["good"]), "stranger")

    assert "plugins.allow" in left_out.reason
    assert shelf.load(allowed=[]).trackers == {}


def test_a_plugin_without_trackers_is_no_problem(shelf: Shelf) -> None:
    shelf.put("quiet", "")

    assert shelf.load() == load_plugins(shelf._points[:1])


@pytest.mark.skipif(not entry_points(group=GROUP), reason="okrsync is only importable here, not installed")
def test_what_is_installed_is_found_by_its_group() -> None:
    plugins = load_plugins()

    assert {"jira", "github"} <= set(plugins.trackers)
    assert {"sql", "http", "prometheus", "csv"} <= set(plugins.measures)
    assert plugins.left_out == ()


def test_the_bundled_measures_are_offered_without_their_libraries() -> None:
    code = (
        "import sys, okrsync_sources; okrsync_sources.register_measures();"
        "print([each for each in ('sqlalchemy', 'jmespath', 'requests') if each in sys.modules])"
    )
    path = os.pathsep.join(str(each) for each in (ROOT, ROOT / "plugins"))
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_a_plugin_offers_lint_rules(shelf: Shelf) -> None:
    shelf.put("house", "@hookimpl\ndef register_lint_rules():\n    return [rule('ACME1'), rule('ACME2')]\n")

    plugins = shelf.load()

    assert list(plugins.lint_rules) == ["ACME1", "ACME2"]
    assert plugins.lint_rules["ACME2"].code == "ACME2"
    assert plugins.left_out == ()


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("OKR101", "codes that begin with OKR are those of okrsync itself"),
        ("acme 1", "a code is capital letters, then digits"),
        ("ACME1", "is offered by another plugin already"),
    ],
)
def test_a_lint_rule_with_such_a_code_is_left_out_alone(shelf: Shelf, code: str, why: str) -> None:
    shelf.put("house", "@hookimpl\ndef register_lint_rules():\n    return [rule('ACME1')]\n")
    shelf.put("more", f"@hookimpl\ndef register_lint_rules():\n    return [rule({code!r}), rule('MORE1')]\n")

    plugins = shelf.load()

    assert set(plugins.lint_rules) == {"ACME1", "MORE1"}
    assert why in good_is_there_and(plugins, "more").reason


def test_a_plugin_whose_lint_rules_are_none_is_left_out_as_a_whole(shelf: Shelf) -> None:
    shelf.put("house", "@hookimpl\ndef register_lint_rules():\n    return ['ACME1']\n")

    assert "is no Rule" in good_is_there_and(shelf.load(), "house").reason
