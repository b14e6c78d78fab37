"""What lint found, as Markdown for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from okrsync.domain.linting import Finding
from okrsync.reports.lint_views import summary_text
from okrsync.reports.markdown import plain, table

MOST_ROWS = 100


def lint_markdown(findings: Sequence[Finding]) -> Iterator[str]:
    """A row for each finding, and how many there are."""
    yield f"### okrsync lint: {plain(summary_text(findings))}"
    if not findings:
        return
    yield ""
    rows = [
        [
            each.code,
            each.severity.value,
            f"{plain(each.file)}:{each.line}",
            plain(f"{f'{each.ref}: ' if each.ref else ''}{each.message}"),
            plain(each.remedy),
        ]
        for each in findings[:MOST_ROWS]
    ]
    yield from table(["code", "", "where", "what", "how to mend it"], rows)
    if len(findings) > MOST_ROWS:
        yield ""
        yield f"… and {len(findings) - MOST_ROWS} more: `okrsync lint` shows them."
