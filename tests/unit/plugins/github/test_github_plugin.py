"""The plugin as okrsync finds it."""

from __future__ import annotations

import subprocess
import sys

import okrsync_github
from okrsync.testing import memory_context
from okrsync_github.tracker import GitHubTracker


def test_it_offers_one_kind_of_tracker() -> None:
    (kind,) = okrsync_github.register_trackers()

    assert (kind.name, kind.default_url, kind.needs_user) == ("github", "https://api.github.com", False)
    assert set(kind.options) == {"write_interval"}
    assert kind.capabilities is GitHubTracker.capabilities


def test_a_lost_create_is_settled_when_github_has_surely_ended_the_request() -> None:
    def settle_after(url: str) -> float:
        return GitHubTracker(memory_context(url=url)).settle_after

    assert settle_after("https://api.github.com") > 10
    assert settle_after("https://ghe.example/api/v3") > 10
    assert settle_after("http://127.0.0.1:8080") <= 2


def test_finding_it_loads_no_client_library() -> None:
    code = (
        "import sys, okrsync_github as found; found.register_trackers(); print({'github', 'requests'} & {*sys.modules})"
    )
    path = ":".join(each for each in sys.path if each)

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20, env={"PYTHONPATH": path}
    )

    assert done.stdout.strip() == "set()"
