"""What lint found: lines for people, JSON, and annotations for GitHub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from okrsync.domain.linting import Finding, Severity
from okrsync.reports.words import counted, shown

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
"""https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message"""


def lint_text(findings: Sequence[Finding]) -> Iterator[str]:
    """A line for each finding."""
    for each in findings:
        where = f"{each.ref}: " if each.ref else ""
        yield shown(f"{each.file}:{each.line}: {each.code} {each.severity}: {where}{each.message}. {each.remedy}")


def summary_text(findings: Sequence[Finding]) -> str:
    """How many there are."""
    if not findings:
        return "all well: nothing found"
    counts = Counter(each.severity for each in findings)
    parts = ", ".join(counted(counts[each], each.value) for each in Severity if counts[each])
    fixable = sum(each.fix is not None for each in findings)
    return f"{parts}" + (f"; `--fix` mends {fixable}" if fixable else "")


def lint_json(findings: Sequence[Finding], notes: Sequence[str], exit_code: int) -> dict[str, Any]:
    """What `okrsync lint --json` says."""
    counts = Counter(each.severity for each in findings)
    return {
        "findings": [
            {
                "code": each.code,
                "severity": each.severity.value,
                "file": each.file,
                "line": each.line,
                "ref": str(each.ref) if each.ref else None,
                "message": each.message,
                "remedy": each.remedy,
                "fix": each.fix.meaning if each.fix else None,
            }
            for each in findings
        ],
        "counts": {each.value: counts[each] for each in Severity},
        "notes": list(notes),
        "exit_code": exit_code,
    }


def lint_github(findings: Sequence[Finding]) -> Iterator[str]:
    """Workflow commands, from which GitHub makes annotations in a pull request."""
    for each in findings:
        where = f"{each.ref}: " if each.ref else ""
        yield (
            f"::{_LEVELS[each.severity]} file={_property(each.file)},line={each.line},title={each.code}::"
            f"{_data(f'{where}{each.message}. {each.remedy}')}"
        )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
