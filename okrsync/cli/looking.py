"""Looking around in a tracker before there are settings: its projects, and fields that fit what is tracked."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from okrsync.app import Workspace
from okrsync.cli.first_workspace import Answers, tracker_name
from okrsync.settings import Settings
from okrsync.trackers.interface import Tracker

_ALIKE = 80.0
"""How alike (0–100) a field's name must be to what it is for, to be offered."""


@contextmanager
def opened(answers: Answers) -> Iterator[Tracker]:
    """The tracker that the answers describe. Nothing is left behind.

    Raises:
        Problems: the answers make no valid settings.
        TrackerError: it cannot be opened.
    """
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(settings_of(answers, Path(folder, "probe.db")), stop=threading.Event())
        with workspace.tracker(tracker_name(answers)) as tracker:
            # Somebody waits at the keyboard: better say that the server does not answer.
            tracker.context.policy.attempts = 2
            yield tracker


def settings_of(answers: Answers, cache: Path) -> Settings:
    """Settings with the tracker of the answers, and nothing else."""
    table = {"type": answers.tracker_type, "token": {"env": answers.token_env}}
    table |= {key: value for key, value in (("url", answers.url), ("user", answers.user)) if value}
    return Settings.model_validate(
        {"workspace": answers.workspace, "cache": str(cache), "trackers": {tracker_name(answers): table}}
    )


def has_token(answers: Answers) -> bool:
    """Whether the token is there, so that the tracker can be asked."""
    return bool(os.environ.get(answers.token_env))


def number_fields(tracker: Tracker, project: str, board: str) -> list[str]:
    """The names of the number fields of a project, or of a board."""
    return [each.name for each in tracker.fields(project, board or None) if each.type == "number"]


def likely(role: str, names: Sequence[str]) -> str:
    """The field most likely meant for a role (current, target, …); empty where none is."""
    from rapidfuzz import fuzz, process

    known: Callable[[str], str] = str.lower
    best = process.extractOne(role, list(names), scorer=fuzz.partial_ratio, processor=known, score_cutoff=_ALIKE)
    return str(best[0]) if best else ""
