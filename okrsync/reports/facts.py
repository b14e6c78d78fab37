"""What the cache knows beside the documents, in the form that `okrsync.domain.status` works with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from okrsync.domain.status import Facts, Observed
from okrsync.store.reading import Reader

_NOTHING = Observed(None, None, "")


def gather_facts(cache: Reader, cycle: str, check_in_period: timedelta) -> Facts:
    """The newest values, confidences and links of one cycle, all of one moment."""
    with cache.snapshot():
        observed = cache.observations.observed(cycle)
        check_ins = cache.check_ins.newest_confidences(cycle)
        links = cache.links.shown(cycle)
    for ref, check_in in check_ins.items():
        observed[ref] = replace(observed.get(ref, _NOTHING), confidence=check_in.confidence)
    return Facts(observed, links, check_in_period)
