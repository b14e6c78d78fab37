"""What GitHub can hold of an OKR."""

from __future__ import annotations

from okrsync.trackers.values import Capabilities, Markup

CAPABILITIES = Capabilities(
    objective_forms=frozenset({"milestone"}),
    key_result_forms=frozenset({"issues"}),
    markup=Markup.MARKDOWN,
    fields_with_item=False,
    pull_requests=True,
)
"""A milestone has no fields of its own, so key results are always issues; their fields are on a Projects board."""

DEFAULT_LABELS = ("key-result",)
"""The labels of key results where the mapping names none."""
