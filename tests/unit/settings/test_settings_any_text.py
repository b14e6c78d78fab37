"""Whatever okrsync.toml holds, reading it ends in settings or in problems with places, and shows no credential."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.settings import check

CANARY = "c4n4ry-5ecr3t-value"
NAMES = [
    "workspace",
    "documents",
    "schedule",
    "pull",
    "cycles",
    "start",
    "audiences",
    "trackers",
    "work",
    "type",
    "url",
]
NAMES += [
    "mappings",
    "match",
    "team",
    "level",
    "tracker",
    "project",
    "objectives",
    "as",
    "fields",
    "current",
    "safety",
    "x\x1b",
]

anything: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.dates() | st.text(st.characters(codec="ascii"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
tokens = st.sampled_from(
    [CANARY, [CANARY], {"env": CANARY}, {"value": CANARY}, {"keyring": CANARY}, {"x": {"y": CANARY}}]
)
trackers = st.fixed_dictionaries({"token": tokens}, optional={"type": anything, "url": anything, "password": tokens})
data = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["workspace", "schedule", "cycles", "mappings", "audiences", "safety", "trackers"], anything),
        "plugins": anything,
    },
)


def told(text: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "okrsync.toml"
        path.write_text(text, encoding="utf-8")
        found, problems = check(path, Path(folder))
    assert (found is None) is bool(problems)
    assert all(1 <= problem.line <= text.count("\n") + 1 for problem in problems)
    return [str(problem) for problem in problems]


@settings(max_examples=60, deadline=None)
@given(data)
def test_any_values_are_read_or_refused(values: dict[str, Any]) -> None:
    assert all(message.isprintable() for message in told(tomlkit.dumps(values)))


@settings(max_examples=60, deadline=None)
@given(data, st.dictionaries(st.sampled_from(["work", "code", "x y"]), trackers, min_size=1, max_size=2))
def test_no_message_shows_a_credential(values: dict[str, Any], with_tokens: dict[str, Any]) -> None:
    messages = told(tomlkit.dumps({**values, "trackers": with_tokens}))
    assert messages
    assert not any(CANARY in message for message in messages)
