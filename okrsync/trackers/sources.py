"""Sources of values outside the trackers: what a plugin registers by `register_measures`, and what it is made from.

A document says `measure = { from = "sql", source = "warehouse", query = "…" }`: `from` names a `MeasureType`, `source`
a table `[sources.warehouse]` of the settings, and the other keys are the measure's own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from okrsync.domain.cycle import Cycle
from okrsync.trackers.access import AccessTable, nothing_wrong
from okrsync.trackers.interface import Secret
from okrsync.trackers.retry import RetryPolicy

RESERVED = frozenset({"manual", "field", "children", "count", "sum", "average", "done"})
"""The measures that okrsync brings itself: no plugin can register one of these names."""


@dataclass(frozen=True)
class SourceTable(AccessTable):
    """What the settings say about a source, without its secrets."""

    name: str | None = None
    """The name under `[sources]`; None for a measure that needs no table there."""
    url: str | None = None
    """Never with a user, a password or another credential in it."""


@dataclass(frozen=True)
class SourceContext:
    """What a source is made from."""

    table: SourceTable
    token: Secret | None
    password: Secret | None
    folder: Path
    """The folder of the settings, where the workspace is."""
    policy: RetryPolicy
    """Every request goes through it, one request a call; its `stop` ends every wait."""


@dataclass(frozen=True)
class Asked:
    """One value that a document asks for."""

    options: Mapping[str, Any]
    """The keys of the measure's table, without `from` and `source`. `MeasureType.check` found nothing wrong in them."""
    cycle: Cycle
    """The cycle of the key result."""


@dataclass(frozen=True)
class Found:
    """A value, and what people may know of where it comes from. Nothing here may hold a secret."""

    value: float
    """Finite."""
    source: str
    """Where it comes from, as people say it: `query on warehouse`."""
    url: str | None = None
    """Where people look at it, where there is such a page."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else it rests on, as JSON can hold it: the row, the labels of a sample."""


class MeasureSource(ABC):
    """A source that was opened for one run: it gives the value of one measure after another.

    An instance belongs to one thread. Where the source as a whole does not answer, it says so again for the next
    measure without waiting for it again.
    """

    @abstractmethod
    def measure(self, asked: Asked) -> Found:
        """Find out one value, through the context's policy and within the table's timeout.

        Raises:
            Transient: it does not answer, or not in time.
            AuthFailed: it does not accept the credentials.
            Rejected: it gives no value, or not exactly one number: said with what it gave.
            NotFound, Misconfigured: what the document or the settings name is not there.
            Interrupted: the policy's `stop` was set.
        """

    def close(self) -> None:  # noqa: B027 - a source without connections has nothing to do here
        """Let go of connections."""


@dataclass(frozen=True)
class MeasureType:
    """A way to measure that a plugin offers: a value of `from` in documents, and of `type` under `[sources.…]`."""

    name: str
    summary: str
    """One line for `okrsync trackers`."""
    load: Callable[[SourceContext], MeasureSource]
    """Makes the source and sends nothing yet. It, and not the plugin's module, imports the libraries."""
    options: Mapping[str, str]
    """The keys of the measure's table in a document, beside `from` and `source` → what each does, in one sentence."""
    required: frozenset[str] = frozenset()
    """Those of `options` that must be there."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further keys of `[sources.NAME]` → what each does, in one sentence."""
    needs_source: bool = True
    """Whether a measure must name a `source`."""
    check: Callable[[Mapping[str, Any], SourceTable], Iterable[str]] = nothing_wrong
    """What is wrong in the options of a measure of that source, each in a clause that names the key; it asks nobody.

    That each key exists, and that each required one is there, is known already.
    """
    check_table: Callable[[SourceTable], Iterable[str]] = nothing_wrong
    """What is wrong in a table of the settings, each in a clause that names the key; it asks nobody."""
