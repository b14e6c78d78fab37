"""The alert rules and the dashboard: they ask for metrics that there are, and Prometheus understands them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from okrsync.daemon.web.metrics import FAMILIES
from tests.system.pages import DOCS, ROOT, column

RULES = ROOT / "config" / "prometheus" / "okrsync.rules.yml"
DASHBOARD = ROOT / "config" / "grafana" / "okrsync.json"
TESTS = ROOT / "tests" / "system" / "okrsync.rules.test.yml"
_OF_TARGETS = {"instance", "job", "le"}


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def queries() -> Iterator[str]:
    yield from (target["expr"] for panel in panels() for target in panel["targets"])
    text = re.sub(r"^ *#.*\n", "", RULES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    yield from re.findall(r"expr: (.*?)\n        ?(?:for|labels):", text.replace(">-\n", ""), re.DOTALL)


def test_they_ask_for_metrics_that_there_are_and_for_their_labels() -> None:
    known = {each.full_name: set(each.labels) for each in FAMILIES}
    known |= {f"{each.full_name}_bucket": {*each.labels, "le"} for each in FAMILIES if each.kind == "histogram"}
    asked: set[str] = set()
    for query in queries():
        names = set(re.findall(r"\bokrsync_\w+", query))
        assert names and names <= set(known), query
        asked |= names
        labels = set().union(*(known[name] for name in names)) | _OF_TARGETS | {"tracker"}
        grouped = {each.strip() for group in re.findall(r"(?:by|on) \(([^)]*)\)", query) for each in group.split(",")}
        assert grouped <= labels, query
    for panel in panels():
        for target in panel["targets"]:
            labels = set().union(*(known[name] for name in re.findall(r"\bokrsync_\w+", target["expr"])))
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= labels | _OF_TARGETS, target
    unwatched = {each.full_name for each in FAMILIES} - {each.removesuffix("_bucket") for each in asked}
    assert unwatched == {
        "okrsync_last_run_exit_code",
        "okrsync_last_run_timestamp_seconds",
        "okrsync_mapping_last_success_timestamp_seconds",
    }, "each metric is on the dashboard or in a rule, but for those that others say better"


def test_panels_have_places_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken and all(x < 24 for x, _ in cells) and panel["description"]
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_each_alert_is_explained() -> None:
    alerts = re.findall(r"alert: (\w+)", RULES.read_text(encoding="utf-8"))
    assert column("how-to/watch-the-daemon.md", "Alerts") == alerts
    assert DOCS.is_dir() and len(alerts) == len(set(alerts))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_understands_them(tmp_path: Path) -> None:
    exprs = [target["expr"].replace("$instance", ".*") for panel in panels() for target in panel["targets"]]
    rules = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(exprs)]
    board = tmp_path / "board.yml"
    board.write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}), encoding="utf-8")
    for arguments in (["check", "rules", str(RULES), str(board)], ["test", "rules", str(TESTS)]):
        done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
