"""Logs by structlog, on standard error: lines for people, JSON objects with a time stamp for machines, or entries of
systemd's journal."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from okrsync.cli import journal
from okrsync.cli.redaction import redacted
from okrsync.reports.words import shown


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Let an import inside find that `module` is not installed, unless it is loaded already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


with _without("rich"):
    # It would load all of it for tracebacks in colours, which nobody asks for: megabytes, in a daemon for good.
    import structlog
    from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

_LOUD = ("urllib3", "requests", "jira", "github", "keyring", "asyncio", "filelock")
"""Libraries whose debug messages show requests with their headers."""
_BOUND: dict[str, Any] = {}
"""What is part of every event for now."""


def bind(**facts: Any) -> None:
    """Let these facts be part of every event from now on, of libraries too; None takes one away."""
    for name, fact in facts.items():
        if fact is None:
            _BOUND.pop(name, None)
        else:
            _BOUND[name] = fact


def _with_bound(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**event, **{name: fact for name, fact in _BOUND.items() if name not in event}}


_SHARED: list[Any] = [
    _with_bound,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


@cache
def logger(log_format: str, verbose: bool) -> FilteringBoundLogger:
    """A logger of our own events: from information on, with `verbose` all of them."""
    made: FilteringBoundLogger = structlog.wrap_logger(
        _sink(log_format),
        processors=[*_SHARED, _renderer(log_format)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
    )
    return made


def hear_libraries(log_format: str, verbose: bool) -> None:
    """Let what libraries log go the same way: warnings, with `verbose` information too."""
    handler = _ToSink(_sink(log_format))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(log_format)],
        )
    )
    level = logging.INFO if verbose else logging.WARNING
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, _ToSink)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _LOUD:
        logging.getLogger(name).setLevel(level)


class _StandardError:
    """Writes to what standard error is at that moment: a progress bar may have taken its place."""

    def msg(self, message: str) -> None:
        sys.stderr.write(message + "\n")
        sys.stderr.flush()

    debug = info = warning = error = msg


class _Journal(_StandardError):
    """Gives events to the journal; where that does not take one, it is written to standard error."""

    def msg(self, message: str) -> None:
        if not journal.send(json.loads(message)):
            super().msg(message)

    debug = info = warning = error = msg


class _ToSink(logging.Handler):
    def __init__(self, sink: _StandardError) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        self._sink.msg(self.format(record))


def _sink(log_format: str) -> _StandardError:
    return _Journal() if log_format == "journal" else _StandardError()


def _renderer(log_format: str) -> Callable[[WrappedLogger, str, EventDict], str]:
    render: Any = _as_line if log_format == "text" else structlog.processors.JSONRenderer()

    def rendered(wrapped: WrappedLogger, method: str, event: EventDict) -> str:
        return redacted(render(wrapped, method, event))

    return rendered


def _as_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    stamp, level, what = event.pop("timestamp"), event.pop("level"), event.pop("event")
    facts = " ".join(f"{key}={value!s}" for key, value in event.items())
    return shown(f"{stamp} {level:<7} {what} {facts}".rstrip())
