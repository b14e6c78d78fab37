"""Which rules run, and in which order what they find is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from okrsync.domain.linting import Finding, LintContext, Rule
from okrsync.domain.ref import Ref


@dataclass(frozen=True)
class Selection:
    """Which codes are wanted. Each entry is a code or what codes begin with: `OKR2` stands for OKR201, OKR202, ….

    Where both lists have an entry for a code, the longer entry counts; of two equal ones, `ignore`.
    """

    select: tuple[str, ...] = ()
    """Empty: all."""
    ignore: tuple[str, ...] = ()
    per_file: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """A pattern for files (`*`, `?`, `[…]`) → what is ignored in them besides."""

    def wants(self, code: str) -> bool:
        """Whether a rule runs at all."""
        chosen = _longest(self.select, code) if self.select else 0
        return chosen > _longest(self.ignore, code)

    def keeps(self, code: str, file: str) -> bool:
        """Whether what a rule found in a file is told."""
        return not any(
            _longest(codes, code) >= 0 for pattern, codes in self.per_file.items() if fnmatchcase(file, pattern)
        )

    def unknown(self, codes: Iterable[str]) -> tuple[str, ...]:
        """The entries that no code begins with, sorted."""
        known = tuple(codes)
        entries = {*self.select, *self.ignore, *(each for listed in self.per_file.values() for each in listed)}
        return tuple(sorted(each for each in entries if not any(code.startswith(each) for code in known)))


def _longest(entries: Iterable[str], code: str) -> int:
    """The length of the longest entry that the code begins with; -1 where none does."""
    return max((len(each) for each in entries if code.startswith(each)), default=-1)


@dataclass(frozen=True)
class Broken:
    """A rule that failed itself."""

    code: str
    reason: str


@dataclass(frozen=True)
class Lint:
    """What a run found."""

    findings: tuple[Finding, ...]
    """In the order in which they stand in the files."""
    broken: tuple[Broken, ...] = ()


def lint(
    context: LintContext,
    rules: Iterable[Rule],
    selection: Selection,
    *,
    line_of: Callable[[str, Ref, str], int] | None = None,
    name_of: Callable[[str], str] = str,
) -> Lint:
    """Run the rules that are wanted.

    `line_of` tells the line of a key (file, table, key), 0 where it has none; `name_of` gives the name of a file that
    the patterns of the selection are for. A rule that raises is named, and takes no other down.
    """
    findings: set[Finding] = set()
    broken: list[Broken] = []
    for rule in rules:
        if not selection.wants(rule.code):
            continue
        try:
            found = [each for each in rule.check(context) if selection.keeps(rule.code, name_of(each.file))]
        except Exception as error:  # noqa: BLE001 - a stranger's rule must not end the run
            broken.append(Broken(rule.code, f"{type(error).__name__}: {error}"))
            continue
        findings.update(_at_its_key(each, line_of) for each in found)
    return Lint(tuple(sorted(findings, key=_place)), tuple(broken))


def _at_its_key(finding: Finding, line_of: Callable[[str, Ref, str], int] | None) -> Finding:
    if line_of is None or finding.ref is None or not finding.key:
        return finding
    line = line_of(finding.file, finding.ref, finding.key)
    return replace(finding, line=line) if line else finding


def _place(finding: Finding) -> tuple[str, int, str, str, str]:
    return finding.file, finding.line, finding.code, str(finding.ref or ""), finding.message
