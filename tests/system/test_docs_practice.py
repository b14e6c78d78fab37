"""The page about the JSON of review, score and report describes every key that they write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.calling import Okrsync
from tests.system.pages import DOCS, tables

PAGE = DOCS / "reference" / "practice-json.md"
DOCUMENT = """
cycle = "2026-Q4"
level = "team"

[[objectives]]
id = "instant-signup"
title = "Make signing up feel instant"

  [[objectives.key_results]]
  id = "p95"
  title = "Cut p95"
  baseline = 4.0
  target = 1.5
  score = { computed = 0.84, final = 1.9 }
"""


def test_every_key_is_described(okrsync: Okrsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OKRSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "okrs").mkdir()
    (tmp_path / "okrs" / "team.toml").write_text(DOCUMENT)
    (tmp_path / "okrsync.toml").write_text('workspace = "acme"\n')
    described = [[row[0] for row in rows[1:]] for rows in tables(PAGE.read_text(encoding="utf-8"))]
    of_review, of_reviewed, of_score, of_objective, of_key_result, of_calibration, of_report = described
    review, score = okrsync("review", "--json").json, okrsync("score", "--json").json
    assert of_review == list(review) and of_reviewed == list(review["key_results"][0])
    assert of_score == list(score) and of_objective == list(score["objectives"][0])
    assert of_key_result == list(score["objectives"][0]["key_results"][0])
    assert of_calibration == list(okrsync("score", "--calibration", "--json").json["calibration"])
    status, report = okrsync("status", "--json").json, okrsync("report", "--json").json
    assert of_report == [key for key in report if key not in status]
    text = PAGE.read_text(encoding="utf-8")
    nested = [*score["bounds"], *score["objectives"][0]["key_results"][0]["recorded"]]
    assert all(f"`{key}`" in text for key in nested)
