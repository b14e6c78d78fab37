"""The metrics of the daemon, for Prometheus: how it stands as `okrsync daemon status` says it, and counts of what
happened since the process began.

Labels are names of the settings: mappings (tracker/project), trackers and jobs; never a person, a title or a
reference. Sums are over all objectives, whoever may see them, so metrics are for those who run okrsync.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from okrsync.daemon import events
from okrsync.daemon.jobs import HINTED, POLL, RECONCILE
from okrsync.daemon.standing import Standing
from okrsync.daemon.web.receiving import Fate
from okrsync.engine.outcome import ExitCode

disable_created_metrics()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Family:
    """A metric: its name without prefix and suffixes of counters, what it tells, and its labels."""

    kind: str
    """`counter`, `gauge` or `histogram`."""
    name: str
    meaning: str
    labels: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """As queries write it."""
        return f"okrsync_{self.name}{'_total' if self.kind == 'counter' else ''}"


FAMILIES = (
    Family("gauge", "build_info", "Always 1; tells the version.", ("version",)),
    Family("gauge", "progress_age_seconds", "Seconds since the daemon made progress; it does so even while it waits."),
    Family("gauge", "cache_readable", "Whether the cache can be read (1) or not (0); if not, much else is missing."),
    Family(
        "gauge",
        "mapping_last_success_timestamp_seconds",
        "When what a mapping holds was last read well; missing where it never was.",
        ("mapping",),
    ),
    Family(
        "gauge", "mapping_lag_seconds", "How old what is known of a mapping is; missing as the former.", ("mapping",)
    ),
    Family("gauge", "mapping_failing", "Whether a mapping fails (1) or not (0).", ("mapping",)),
    Family(
        "gauge",
        "tracker_paused_until_timestamp_seconds",
        "Until when a tracker is not asked, because it said so or our share of its rate limit is used; 0 if it is.",
        ("tracker",),
    ),
    Family(
        "gauge",
        "rate_limit_left_ratio",
        "What was left of a tracker's rate limit when it last said so (0 to 1); missing where it never did.",
        ("tracker",),
    ),
    Family("gauge", "changes_held", "Changes that wait for a person."),
    Family("gauge", "outbox_depth", "Changes that were begun, and of which nobody knows yet whether they were made."),
    Family(
        "gauge",
        "stale_key_results",
        "Key results whose value is older than the check-in period, or could not be read; missing while documents are"
        " wrong.",
    ),
    Family(
        "gauge",
        "next_run_timestamp_seconds",
        "When a job is due next; it lies in the past where the job waits for its turn.",
        ("job_name",),
    ),
    Family("gauge", "last_run_timestamp_seconds", "When the last run ended; missing before the first."),
    Family("gauge", "last_run_exit_code", "How it ended, as a command's exit code; missing before the first."),
    Family("gauge", "settings_refused", "Whether changed settings or documents are wrong, and not in use (1), or not."),
    Family("gauge", "documents_not_fetched", "Whether documents from git could not be fetched (1), or not (0)."),
    Family("counter", "runs", "Runs, by what they were for and how they ended.", ("kind", "outcome")),
    Family("histogram", "run_duration_seconds", "How long runs took.", ("kind",)),
    Family("counter", "requests", "Requests to trackers, with those that were tried again."),
    Family("counter", "retries", "Requests that were tried again."),
    Family("counter", "changes_made", "Changes that were made in trackers and documents."),
    Family("counter", "values_moved", "Values that polls found to be others than before."),
    Family("counter", "webhook_deliveries", "Webhooks, by what became of them.", ("tracker", "outcome")),
)
"""Every metric of okrsync; those of the process (`process_…`) come from the client library."""

OUTCOMES = {each: each.name.lower() for each in ExitCode}
"""How a run ended, as the label `outcome` has it."""
_BY_NAME = {each.name: each for each in FAMILIES}
_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_NOBODY = "-"
"""The label of a webhook for a name that takes none: names that strangers make up are not repeated."""


class Metrics:
    """Counts what happens, and tells how it stands whenever somebody asks.

    Args:
        standing: how it stands now; None where the cache cannot be read.
        since_progress: the seconds since the daemon made progress.
    """

    def __init__(
        self,
        standing: Callable[[], Standing | None],
        since_progress: Callable[[], float],
    ) -> None:
        self._left: Mapping[str, float] = {}
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(_Standing(standing, since_progress, lambda: self._left))
        self._runs, self._requests, self._retries, self._changes, self._moved, self._deliveries = (
            self._counter(name)
            for name in ("runs", "requests", "retries", "changes_made", "values_moved", "webhook_deliveries")
        )
        duration = _BY_NAME["run_duration_seconds"]
        self._durations = Histogram(
            duration.full_name, duration.meaning, duration.labels, buckets=_BUCKETS, registry=self._registry
        )
        for kind in (POLL, HINTED, "sync", RECONCILE):
            self._durations.labels(kind)
            for outcome in OUTCOMES.values():
                self._runs.labels(kind, outcome)

    def __call__(self, event: events.Event) -> None:
        """Something happened in the daemon."""
        if isinstance(event, events.RunEnded):
            self._runs.labels(event.kind, OUTCOMES[ExitCode(event.exit_code)]).inc()
            self._durations.labels(event.kind).observe(event.seconds)
            self._requests.inc(event.requests)
            self._retries.inc(event.retries)
            self._changes.inc(event.changes)
            self._moved.inc(len(event.moved))
            self._left = event.rate_left

    def expect(self, trackers: Iterable[str]) -> None:
        """These trackers send webhooks."""
        for tracker in trackers:
            for fate in set(Fate) - {Fate.UNKNOWN}:
                self._deliveries.labels(tracker, fate.value)

    def delivered(self, tracker: str | None, fate: Fate) -> None:
        """A webhook came; `tracker` is None where none of that name takes any."""
        self._deliveries.labels(_NOBODY if tracker is None else tracker, fate.value).inc()

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Everything, as text for Prometheus, and its content type; `accept` is the header that asks for a format."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def _counter(self, name: str) -> Counter:
        family = _BY_NAME[name]
        return Counter(f"okrsync_{name}", family.meaning, family.labels, registry=self._registry)


class _Standing(Collector):
    """The gauges, looked up at every scrape."""

    def __init__(
        self,
        standing: Callable[[], Standing | None],
        since_progress: Callable[[], float],
        rate_left: Callable[[], Mapping[str, float]],
    ) -> None:
        self._standing = standing
        self._since_progress = since_progress
        self._rate_left = rate_left

    def collect(self) -> Iterator[Metric]:
        found = self._standing()
        yield _gauge("build_info", {version("okrsync"): 1})
        yield _gauge("progress_age_seconds", {None: self._since_progress()})
        yield _gauge("cache_readable", {None: found is not None})
        yield _gauge("rate_limit_left_ratio", self._rate_left())
        if found is not None:
            yield from _of_standing(found)


def _of_standing(found: Standing) -> Iterator[Metric]:
    mappings = {each.mapping: each for each in found.mappings}
    read = {name: each.last_success for name, each in mappings.items() if each.last_success is not None}
    yield _gauge("mapping_last_success_timestamp_seconds", {name: at.timestamp() for name, at in read.items()})
    lags = {name: each.lag(found.as_of) for name, each in mappings.items()}
    yield _gauge("mapping_lag_seconds", {name: lag.total_seconds() for name, lag in lags.items() if lag is not None})
    yield _gauge("mapping_failing", {name: each.failing_since is not None for name, each in mappings.items()})
    trackers = dict.fromkeys((name.partition("/")[0] for name in mappings), 0.0)
    paused = {name: each.until.timestamp() for name, each in found.paused.items()}
    yield _gauge("tracker_paused_until_timestamp_seconds", trackers | paused)
    yield _gauge("changes_held", {None: found.held})
    yield _gauge("outbox_depth", {None: found.outbox})
    yield _gauge("stale_key_results", {} if found.stale is None else {None: found.stale})
    yield _gauge("next_run_timestamp_seconds", {job: at.timestamp() for job, at in found.next.items()})
    run = found.last_run
    if run is not None and run.finished_at is not None:
        yield _gauge("last_run_timestamp_seconds", {None: run.finished_at.timestamp()})
        yield _gauge("last_run_exit_code", {None: run.exit_code or 0})
    yield _gauge("settings_refused", {None: bool(found.refused)})
    yield _gauge("documents_not_fetched", {None: bool(found.documents)})


def _gauge(name: str, values: Mapping[str, float] | Mapping[None, float]) -> GaugeMetricFamily:
    """A gauge with a value for each value of its label, or a single one, under None, where it has no label."""
    family = _BY_NAME[name]
    gauge = GaugeMetricFamily(family.full_name, family.meaning, labels=family.labels)
    for label, value in values.items():
        gauge.add_metric([] if label is None else [label], float(value))
    return gauge
