"""What the settings ask for is held against what the installed plugins offer."""

from __future__ import annotations

from pathlib import Path

import pytest

from okrsync.settings import load
from okrsync.settings.against import check_against
from okrsync.trackers.interface import Tracker, TrackerContext, TrackerType
from okrsync.trackers.plugins import LeftOut, Plugins
from okrsync.trackers.values import Capabilities, Markup


def never_loaded(context: TrackerContext) -> Tracker:
    raise AssertionError("checking makes no tracker")


BOARD = TrackerType(
    name="board",
    summary="A board",
    load=never_loaded,
    capabilities=Capabilities(frozenset({"card", "lane"}), frozenset({"issues"}), Markup.MARKDOWN),
    options={"write_interval": "Seconds between two writes."},
    default_url="https://board.example",
)
HOUSE = TrackerType(
    name="house",
    summary="A house",
    load=never_loaded,
    capabilities=BOARD.capabilities,
    needs_user=True,
)
PLUGINS = Plugins({"board": BOARD, "house": HOUSE}, ())
START = 'workspace = "a"\n\n[trackers.work]\ntoken = { env = "T" }\n'
MAPPING = '\n[[mappings]]\ntracker = "work"\nproject = "P"\nobjectives = { as = "card" }\n'


def told(tmp_path: Path, text: str, plugins: Plugins = PLUGINS) -> list[str]:
    path = tmp_path / "okrsync.toml"
    path.write_text(START + text)
    return [str(problem) for problem in check_against(load(path, tmp_path), plugins)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('type = "board"', None),
        ('type = "board"\nwrite_interval = 2' + MAPPING, None),
        ('type = "house"\nuser = "u"\nurl = "https://house.example"', None),
        (
            'type = "bord"',
            "okrsync.toml:3: trackers.work: type is 'bord', which no installed plugin brings;"
            " expected 'board' or 'house'. Did you mean 'board'?",
        ),
        ('type = "svn"', "expected 'board' or 'house'. Install the plugin that brings it."),
        (
            'type = "board"\nwrite_intervall = 2',
            "okrsync.toml:3: trackers.work: 'write_intervall' is not a key of a board tracker; expected one of type,"
            " url, user, token, webhook_secret, ca_file,"
            " concurrency, share_of_limit or write_interval. Did you mean 'write_interval'?",
        ),
        ('type = "board"\nusr = "u"', "Did you mean 'user'?"),
        ('type = "house"\nuser = "u"', "trackers.work: has no url. Add url: the address of the tracker."),
        ('type = "house"\nurl = "https://h.example"', "trackers.work: has no user. Add user"),
        (
            'type = "board"' + MAPPING.replace("card", "epic"),
            "okrsync.toml:6: mappings[1].objectives.as: a board tracker has no 'epic'; expected 'card' or 'lane'",
        ),
        (
            'type = "board"' + MAPPING + 'key_results = { as = "fields" }',
            "mappings[1].key_results.as: a board tracker has no 'fields'; expected 'issues'",
        ),
    ],
)
def test_what_no_plugin_can_do_is_told(tmp_path: Path, text: str, said: str | None) -> None:
    messages = told(tmp_path, text)
    assert len(messages) == (said is not None)
    assert said is None or said in messages[0]


def test_a_plugin_that_could_not_be_loaded_is_named_where_its_tracker_is_missed(tmp_path: Path) -> None:
    plugins = Plugins({}, (LeftOut("svn", "ImportError: no subversion"),))
    (message,) = told(tmp_path, 'type = "svn"' + MAPPING, plugins)
    assert "These plugins could not be loaded: svn (ImportError: no subversion)." in message
