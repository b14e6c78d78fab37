"""What lint found as SARIF 2.1.0, which code scanning and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from okrsync.domain.linting import Finding, Rule, Severity

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ROOT = "%SRCROOT%"


def lint_sarif(
    findings: Sequence[Finding], rules: Sequence[Rule], page_of: Callable[[Rule], str], version: str
) -> dict[str, Any]:
    """A log with one run; `rules` are all that ran, `page_of` gives the page of each."""
    positions = {rule.code: position for position, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "okrsync",
                        "version": version,
                        "rules": [_rule(each, page_of(each)) for each in rules],
                    }
                },
                "results": [_result(each, positions) for each in findings],
            }
        ],
    }


def _rule(rule: Rule, page: str) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": f"{rule.summary[:1].upper()}{rule.summary[1:]}."},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, positions: dict[str, int]) -> dict[str, Any]:
    path = PurePath(finding.file)
    artifact = {"uri": path.as_uri()} if path.is_absolute() else {"uri": quote(path.as_posix()), "uriBaseId": _ROOT}
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": artifact, "region": {"startLine": finding.line}}
    }
    if finding.ref:
        location["logicalLocations"] = [{"fullyQualifiedName": str(finding.ref), "kind": "member"}]
    where = f"{finding.ref}: " if finding.ref else ""
    return {
        "ruleId": finding.code,
        "ruleIndex": positions[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{where}{finding.message}. {finding.remedy}"},
        "locations": [location],
        "partialFingerprints": {"okrsyncFinding/v1": _fingerprint(finding)},
    }


def _fingerprint(finding: Finding) -> str:
    """The same finding in the next run, whatever was inserted above it meanwhile."""
    place = str(finding.ref) if finding.ref else f"{finding.file}\0{finding.message}"
    return hashlib.sha256(f"{finding.code}\0{place}\0{finding.key}".encode()).hexdigest()[:32]
