"""How it stands with the daemon, found out even while the settings are wrong: it runs on the last good ones then."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrsync.cli.call import Call
from okrsync.problems import Problem, Problems

if TYPE_CHECKING:
    from okrsync.daemon.standing import Standing


def find_out(call: Call, cache: Path | None) -> tuple[Standing, Sequence[Problem]]:
    """How it stands, and what is wrong in the settings.

    Args:
        cache: where the cache is, for when the settings do not tell.

    Raises:
        Problems: there are no settings, or they are wrong and nobody says where the cache is.
        CacheError: the cache cannot be read.
    """
    from okrsync.daemon.standing import standing

    try:
        return standing(call.workspace()), ()
    except Problems as wrong:
        return _apart(call, cache, wrong.problems), wrong.problems


def _apart(call: Call, cache: Path | None, problems: Sequence[Problem]) -> Standing:
    from okrsync.app import utc_now
    from okrsync.daemon.standing import standing_apart
    from okrsync.settings_file import essentials, find_if_any

    path = find_if_any(Path.cwd(), call.config, os.environ)
    if path is None:
        raise Problems(problems)
    workspace: str | None = None
    try:
        known = essentials(path)
        workspace, named = known.workspace, known.cache
    except Problems:
        # It is no TOML, and what is wrong with it is known already.
        named = None
    if named is None and cache is not None and not cache.exists():
        raise click.BadParameter(f"{cache} does not exist", param_hint="--cache")
    cache = named or cache
    if cache is None:
        found = "where the cache is, and how the daemon stands, is not known while the settings do not say it"
        raise Problems([*problems, Problem("--cache", 0, "", found, do="Name it with --cache FILE or OKRSYNC_CACHE.")])
    return replace(standing_apart(cache, workspace, utc_now), wrong=tuple(map(str, problems)))
