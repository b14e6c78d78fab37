"""A small company's OKRs and what is known of them, for the views."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from okrsync.domain.cycle import parse_cycle
from okrsync.domain.okr import KeyResult, Kind, Kpi, Level, Measure, Objective, Okrs, Origin, Stage
from okrsync.domain.ref import Ref
from okrsync.domain.status import Facts, Link, Observed, Status, assess

CYCLE = "2026-Q4"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
END = date(2026, 12, 31)
NASTY = "Win \x1b[31m[bold]every[/bold]\x9b2J one\u202e\r\nwho comes"
SHOWN = "Win [31m[bold]every[/bold]2J one  who comes"
"""The nasty title as a terminal may see it."""


def ref(objective: str, key_result: str = "") -> Ref:
    return Ref(CYCLE, objective, key_result)


def objective(name: str, level: Level, *key_results: KeyResult, **more: object) -> Objective:
    values: dict[str, object] = {"title": f"Title of {name}", "due": END, **more}
    return Objective(ref(name), level=level, key_results=key_results, **values)  # type: ignore[arg-type]


NEWCOMERS = objective(
    "win-newcomers",
    Level.COMPANY,
    KeyResult(ref("win-newcomers", "conversion"), "Raise conversion", baseline=12.0, target=20.0, unit="%"),
    title=NASTY,
    owner="erin",
)
SIGNUP = objective(
    "instant-signup",
    Level.TEAM,
    KeyResult(ref("instant-signup", "p95"), "Cut p95", baseline=4.0, target=1.5, unit="s", measure=Measure("field")),
    KeyResult(ref("instant-signup", "errors"), "Few errors", kind=Kind.MAINTAIN, maximum=1.0, unit="%"),
    KeyResult(ref("instant-signup", "sso"), "SSO is live", kind=Kind.DONE),
    team="platform",
    owner="dana",
    origin=Origin.BOTTOM_UP,
    aligns_to=(ref("win-newcomers", "conversion"),),
)
LONE = objective("lone", Level.DEPARTMENT, team="sales", stage=Stage.PROPOSED)
KPIS = (
    Kpi(ref("uptime"), "API availability", minimum=99.9, unit="%"),
    Kpi(ref("queue"), "Support queue", minimum=1.0, maximum=30.0),
    Kpi(ref("churn"), "Churn", maximum=2.0, unit="%"),
)
FACTS = Facts(
    {
        ref("win-newcomers", "conversion"): Observed(15.25, NOW - timedelta(days=1), "check-in", 0.7),
        ref("instant-signup", "p95"): Observed(
            10 / 3, NOW - timedelta(days=12), "field KR current of PLAT-2", 0.5, "PLAT-2 was \x1b]0;deleted"
        ),
        ref("instant-signup", "errors"): Observed(0.4, NOW, "field KR current of PLAT-3"),
        ref("uptime"): Observed(99.95, NOW, "field Hidden metric of PLAT-7"),
        ref("queue"): Observed(42.0, NOW, "field n of PLAT-8"),
    },
    {
        ref("instant-signup"): Link("work", "PLAT-1", "https://acme.example/browse/PLAT-1"),
        ref("instant-signup", "sso"): Link("work", "PLAT-4", "javascript:alert(1)"),
    },
)


def status(*objectives: Objective, kpis: tuple[Kpi, ...] = KPIS, facts: Facts = FACTS) -> Status:
    chosen = objectives or (SIGNUP, NEWCOMERS, LONE)
    return assess(Okrs(chosen, kpis), "acme", parse_cycle(CYCLE), NOW, facts)
