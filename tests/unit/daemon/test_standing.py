"""How it stands with the daemon, as the cache tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from okrsync.app import Workspace
from okrsync.daemon.standing import standing
from okrsync.store.cache import Cache

SETTINGS = """
workspace = "acme"
[daemon]
sync = SYNC
[trackers.work]
type = "jira"
url = "https://acme.atlassian.net"
token = { env = "T" }
[[mappings]]
match = { team = "alpha" }
tracker = "work"
project = "ALPHA"
objectives = { as = "epic" }
[[mappings]]
tracker = "work"
project = "BETA"
objectives = { as = "epic" }
schedule = "1h"
"""


@pytest.mark.parametrize(
    ("runs", "sync", "held"),
    [
        ([], True, 0),
        ([("sync", 3)], True, 3),
        ([("sync", 3), ("pull", 0)], True, 3),
        ([("sync", 3), ("poll of hints", 0)], True, 3),
        ([("sync", 0), ("poll", 2)], True, 2),
        ([("sync", 5), ("poll", 2)], True, 5),
        ([("sync", 5), ("poll", 2), ("poll 1h", 1)], True, 3),
        ([("sync", 5), ("poll 1h", 4), ("poll", 2), ("poll 1h", 0)], True, 2),
        ([("sync", 3), ("poll", 0), ("poll 1h", 0)], False, 3),
    ],
)
def test_what_is_held_is_what_was_seen_last_by_who_saw_all(
    tmp_path: Path, runs: list[tuple[str, int]], sync: bool, held: int
) -> None:
    (tmp_path / "okrs").mkdir()
    (tmp_path / "okrsync.toml").write_text(SETTINGS.replace("SYNC", str(sync).lower()))
    with Cache.open(tmp_path / "okrsync.db", "acme") as cache:
        for kind, number in runs:
            cache.runs.finish(cache.runs.begin(kind), exit_code=0, requests=1, changes_made=0, held=number)
    assert standing(Workspace.load(tmp_path / "okrsync.toml")).held == held
