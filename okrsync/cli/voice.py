"""Standard error: what people must know, and logs. With `--log-format json` every line there is a JSON object."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from okrsync.problems import Problem

LogFormat = Literal["text", "json", "journal"]


class Voice:
    """Says things on standard error: sentences as people read them, or as JSON for who collects logs."""

    def __init__(self, log_format: LogFormat = "text", *, quiet: bool = False, verbose: bool = False) -> None:
        self.log_format = log_format
        self.quiet = quiet
        self.verbose = verbose

    def note(self, text: str, **facts: Any) -> None:
        """Something good to know; not with `--quiet`."""
        if not self.quiet:
            self._say("info", text, facts)

    def warn(self, text: str, **facts: Any) -> None:
        """Something that may need somebody."""
        self._say("warning", text, facts)

    def fail(self, text: str, **facts: Any) -> None:
        """Something that went wrong."""
        self._say("error", text, facts)

    def log(self, event: str, **facts: Any) -> None:
        """What happens, for who looks into the machine: only with `--verbose` or `--log-format json`."""
        if self.log_format != "text" or self.verbose:
            from okrsync.cli.logs import logger

            logger(self.log_format, self.verbose).info(event, **facts)

    def debug(self, event: str, **facts: Any) -> None:
        """As `log`, for what is of interest when something is wrong: only with `--verbose`."""
        if self.verbose:
            from okrsync.cli.logs import logger

            logger(self.log_format, self.verbose).debug(event, **facts)

    def problems(self, problems: Sequence[Problem]) -> None:
        """Everything that is wrong in what people wrote, one line each, and how many there are."""
        for each in problems:
            self.fail(str(each), file=each.file, line=each.line)
        if self.log_format == "text":
            count = len(problems)
            self.fail("1 problem" if count == 1 else f"{count} problems")

    def trace(self, error: BaseException) -> None:
        """Where in the code it happened; only with `--verbose`."""
        if self.verbose:
            import traceback

            self._say("debug", "".join(traceback.format_exception(error)).rstrip("\n"), {})

    def _say(self, level: str, text: str, facts: dict[str, Any]) -> None:
        if self.log_format != "text":
            from okrsync.cli.logs import logger

            getattr(logger(self.log_format, self.verbose), level)(text, **facts)
            return
        from okrsync.cli.redaction import redacted
        from okrsync.reports.words import shown_lines

        encoding = sys.stderr.encoding or "utf-8"
        sys.stderr.write(f"{redacted(shown_lines(text))}\n".encode(encoding, "replace").decode(encoding))
        sys.stderr.flush()
