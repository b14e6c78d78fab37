"""What GitHub can hold of an OKR."""

from __future__ import annotations

from okrsync.trackers.values import Capabilities, ItemKind, Markup

CAPABILITIES = Capabilities(
    objective_forms=frozenset({"milestone"}),
    key_result_forms=frozenset({"issues"}),
    markup=Markup.MARKDOWN,
    fields_with_item=False,
    adoption=True,
    unique_titles=True,
    pull_requests=True,
    queries=True,
    comments_on=frozenset({ItemKind.KEY_RESULT}),
    settle_after=12.0,
)
"""A milestone has no fields of its own, so key results are always issues; their fields are on a Projects board.

Lists come from GitHub's database and not from an index, but GitHub works on a request for up to 10 seconds, also when
nobody waits for the answer any more (`Timeouts` in `Troubleshooting the REST API`).
"""

SETTLE_ON_LOOPBACK = 2.0
"""Seconds after which a server on this machine is done with a request that was cut off."""

CREATIONS_A_MINUTE, CREATIONS_AN_HOUR = 80, 500
"""How much content may be created ("About secondary rate limits" in "Rate limits for the REST API")."""

DEFAULT_LABELS = ("key-result",)
"""The labels of key results where the mapping names none."""
