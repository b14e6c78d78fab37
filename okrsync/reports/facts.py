"""What the cache knows beside the documents, in the form that `okrsync.domain.status` works with."""

from __future__ import annotations

from datetime import timedelta

from okrsync.domain.ref import Ref
from okrsync.domain.status import Facts, Link, Observed
from okrsync.store.reading import Reader


def gather_facts(cache: Reader, cycle: str, check_in_period: timedelta) -> Facts:
    """The newest values, confidences and links of one cycle, all of one moment."""
    with cache.snapshot():
        current = cache.observations.current(cycle)
        check_ins = cache.check_ins.newest(cycle)
        links = cache.links.live()
    observed: dict[Ref, Observed] = {}
    for ref in {*current, *check_ins}:
        value = current.get(ref)
        check_in = check_ins.get(ref)
        observed[ref] = Observed(
            value=value.value if value else None,
            seen_at=value.seen_at if value else None,
            source=value.source if value else "",
            confidence=check_in.confidence if check_in else None,
            problem=value.problem if value else None,
        )
    return Facts(
        observed,
        {ref: Link(link.tracker, link.at.key, link.at.url) for ref, link in links.items() if ref.cycle == cycle},
        check_in_period,
    )
