"""Which mappings bring what few may see together with what all may see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from okrsync.domain.okr import Level, Objective, Okrs, Stage
from okrsync.domain.ref import Ref
from okrsync.settings import Settings
from okrsync.settings.exposure import exposures

OPEN = Objective(Ref("2026-Q4", "open"), "It", Level.TEAM, date(2026, 12, 31), team="web")
SECRET = replace(OPEN, ref=Ref("2026-Q4", "secret"), audience="leads")


def settings(*mappings: tuple[str, str]) -> Settings:
    return Settings.model_validate(
        {
            "workspace": "acme",
            "audiences": {"leads": ["dana"]},
            "trackers": {"work": {"type": "jira", "url": "https://jira.example", "token": {"env": "TOKEN"}}},
            "mappings": [
                {"match": {"id": pattern}, "tracker": "work", "project": project, "objectives": {"as": "epic"}}
                for pattern, project in mappings
            ],
        }
    )


def test_a_project_with_both_is_named_with_the_objective_and_the_way_out() -> None:
    (found,) = exposures(settings(("*", "PLAT")), Okrs((OPEN, SECRET)))
    assert "2026-Q4/secret is for leads" in found.found
    assert "work PLAT, where objectives for everyone are too" in found.found
    assert "a project of its own" in found.remedy


def test_a_project_of_its_own_no_mapping_and_a_draft_are_well() -> None:
    assert exposures(settings(("secret", "BOARD"), ("*", "PLAT")), Okrs((OPEN, SECRET))) == ()
    assert exposures(settings(("open", "PLAT")), Okrs((OPEN, SECRET))) == ()
    assert exposures(settings(("*", "PLAT")), Okrs((OPEN, replace(SECRET, stage=Stage.DRAFT)))) == ()
    assert exposures(settings(("*", "PLAT")), Okrs((SECRET,))) == ()
