"""Logs by structlog, on standard error: lines for people, or JSON objects with a time stamp for machines."""

from __future__ import annotations

import logging
import sys
from functools import cache
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from okrsync.cli.redaction import redacted
from okrsync.reports.words import shown

_LOUD = ("urllib3", "requests", "jira", "github", "keyring", "asyncio", "filelock")
"""Libraries whose debug messages show requests with their headers."""


@cache
def logger(log_format: str, verbose: bool) -> FilteringBoundLogger:
    """The logger of this process. What libraries log goes the same way, from warnings on."""
    render: Any = structlog.processors.JSONRenderer() if log_format == "json" else _as_line

    def last(wrapped: WrappedLogger, method: str, event: EventDict) -> str:
        return redacted(render(wrapped, method, event))

    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=lambda *_: _StandardError(),
        cache_logger_on_first_use=False,
    )
    handler = _ToStandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
    found: FilteringBoundLogger = structlog.get_logger()
    return found


class _StandardError:
    """Writes to what standard error is at that moment: a progress bar may have taken its place."""

    def msg(self, message: str) -> None:
        sys.stderr.write(message + "\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = exception = msg


class _ToStandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _StandardError().msg(self.format(record))


def _as_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    stamp, level, what = event.pop("timestamp"), event.pop("level"), event.pop("event")
    facts = " ".join(f"{key}={value!s}" for key, value in event.items())
    return shown(f"{stamp} {level:<7} {what} {facts}".rstrip())
