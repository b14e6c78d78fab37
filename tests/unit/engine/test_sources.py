"""Sources of values outside the trackers: opened once in a run, each failure its own, and no secret in any of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from okrsync.documents import check
from okrsync.domain.cycle import parse_cycle
from okrsync.domain.items import ItemKind
from okrsync.domain.okr import Measure, Source
from okrsync.domain.ref import Ref
from okrsync.engine.measuring import measure
from okrsync.engine.outcome import Cause
from okrsync.engine.pool import TrackerPool
from okrsync.engine.sources import NoValue, Opened, Sources, check_measures
from okrsync.engine.tasks import Task
from okrsync.plan.values import Placement, Snapshot
from okrsync.settings import Settings
from okrsync.settings.against import check_sources
from okrsync.settings.loading import load
from okrsync.trackers.errors import AuthFailed, Misconfigured, NotFound, Rejected, TrackerError, Transient
from okrsync.trackers.interface import Secret, Tracker
from okrsync.trackers.plugins import LeftOut, Plugins
from okrsync.trackers.retry import Interrupted
from okrsync.trackers.sources import Asked, Found, MeasureSource, MeasureType, SourceContext, SourceTable
from okrsync.trackers.values import Markup

CANARY = "c4n4ry-5ecr3t-value"
SETTINGS = """
workspace = "acme"

[sources.tides]
type = "almanac"
url = "https://tides.example"

[sources.moons]
type = "almanac"
phase = "full"

[sources.bare]
type = "sundial"

[sources.stranger]
type = "orrery"
"""


class Almanac(MeasureSource):
    """Gives what `answers` says for the option `day`."""

    def __init__(self, table: SourceTable) -> None:
        self.table = table
        self.answers: dict[str, float | Found | BaseException] = {"1": 4.5}
        self.asked: list[Asked] = []
        self.closed = False

    def measure(self, asked: Asked) -> Found:
        self.asked.append(asked)
        answer = self.answers[asked.options["day"]]
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Found) else Found(answer, f"day of {self.table.name}")

    def close(self) -> None:
        self.closed = True


def never_loaded(context: SourceContext) -> MeasureSource:
    raise AssertionError("the tests open sources themselves")


def wrong_day(options: Mapping[str, Any], table: SourceTable) -> list[str]:
    return [] if isinstance(options["day"], str) else [f"day of {table.name} is no text"]


def wrong_table(table: SourceTable) -> list[str]:
    return [] if table.url or table.options else ["url is missing"]


ALMANAC = MeasureType(
    "almanac",
    "A day of an almanac",
    never_loaded,
    options={"day": "The day.", "hour": "The hour."},
    required=frozenset({"day"}),
    settings={"phase": "The phase."},
    check=wrong_day,
    check_table=wrong_table,
)
SUNDIAL = MeasureType(
    "sundial", "The sun", never_loaded, options={"day": "The day."}, needs_source=False, check_table=wrong_table
)
PLUGINS = Plugins({}, (LeftOut("orrery", "ImportError: no brass"),), {"almanac": ALMANAC, "sundial": SUNDIAL})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "okrsync.toml").write_text(SETTINGS)
    return load(tmp_path / "okrsync.toml", tmp_path)


REF = Ref("2026-Q4", "one")


def no_tracker(name: str) -> Tracker:
    raise AssertionError("nothing is asked of a tracker")


class Run:
    """The sources of one run, and those of them that were opened."""

    def __init__(self, settings: Settings, refuse: TrackerError | None = None) -> None:
        self.opened: list[Almanac] = []
        self.attempts = 0

        def open_source(kind: MeasureType, table: SourceTable) -> Opened:
            self.attempts += 1
            if refuse is not None:
                raise refuse
            self.opened.append(Almanac(table))
            return Opened(self.opened[-1], (Secret(CANARY), Secret("abc")))

        self.sources = Sources(settings, PLUGINS, parse_cycle("2026-Q4"), open_source)

    def measure(self, kind: str = "almanac", **options: Any) -> Any:
        return self.sources.measure(Measure(kind, options))

    def refusal(self, kind: str = "almanac", **options: Any) -> NoValue:
        with pytest.raises(NoValue) as caught:
            self.measure(kind, **options)
        assert CANARY not in f"{caught.value!r}{caught.value.__cause__!r}"
        return caught.value


@pytest.fixture
def run(settings: Settings) -> Run:
    return Run(settings)


def test_a_value_comes_with_its_evidence(run: Run) -> None:
    value = run.measure(source="tides", day="1")
    assert (value.value, value.source) == (4.5, "day of tides")
    assert value.evidence == {"method": {"from": "almanac", "day": "1", "source": "tides"}}
    (source,) = run.opened
    assert source.asked == [Asked({"day": "1"}, parse_cycle("2026-Q4"))]
    assert source.table == SourceTable("tides", "https://tides.example")


def test_a_source_is_opened_once_and_a_question_asked_once(run: Run) -> None:
    for _ in range(2):
        run.measure(source="tides", day="1")
    run.measure(source="tides", day="1", hour=3)
    run.measure(source="moons", day="1")
    run.measure("sundial", day="1")
    assert [each.table.name for each in run.opened] == ["tides", "moons", None]
    assert [len(each.asked) for each in run.opened] == [2, 1, 1]
    run.sources.close()
    assert all(each.closed for each in run.opened)


def test_a_source_that_cannot_be_opened_is_not_tried_again(settings: Settings) -> None:
    run = Run(settings, Misconfigured("set the variable X."))
    for day in "12":
        assert str(run.refusal(source="tides", day=day)) == "set the variable X"
    assert run.attempts == 1
    run.sources.close()


@pytest.mark.parametrize(
    ("error", "cause", "said"),
    [
        (Transient("not now"), Cause.UNREACHABLE, "not now"),
        (AuthFailed("not you"), Cause.LOGIN, "not you"),
        (NotFound("not here"), Cause.MEASURE, "not here"),
        (Misconfigured("one", "two"), Cause.MEASURE, "one; two"),
        (Rejected(f"it said {CANARY}"), Cause.MEASURE, "it said …"),
        (KeyError(CANARY), Cause.MEASURE, "the plugin that measures 'almanac' failed (KeyError: '…')"),
    ],
)
def test_a_failure_is_that_of_its_key_result(run: Run, error: Exception, cause: Cause, said: str) -> None:
    run.measure(source="tides", day="1")
    run.opened[0].answers["2"] = error
    refusal = run.refusal(source="tides", day="2")
    assert (str(refusal), refusal.cause) == (said, cause)
    assert str(run.refusal(source="tides", day="2")) == said
    assert len(run.opened[0].asked) == 2
    assert run.measure(source="tides", day="1", hour=1).value == 4.5


def test_a_failure_names_the_document_and_no_tracker(run: Run) -> None:
    """Wherever the item of the key result is: the tracker is not to blame."""
    place = Placement("work", "PLAT", Source("okrsync.toml", 3), Markup.WIKI)
    tasks = [
        Task(
            REF.child(day), ItemKind.KEY_RESULT, Measure("almanac", {"source": "tides", "day": day}), "", written, place
        )
        for day, written in (("1", Source("okrs/a.toml", 7)), ("2", Source("okrs/a.toml", 12)))
    ]
    now = datetime(2026, 11, 22, tzinfo=UTC)
    run.measure(source="tides", day="1")
    run.opened[0].answers["2"] = Rejected("low tide")
    found = measure(tasks, Snapshot(), TrackerPool(no_tracker), {}, {}, now, run.sources)
    assert [(each.value, each.source, each.problem) for each in found.values] == [
        (4.5, "day of tides", None),
        (None, "almanac", "low tide"),
    ]
    assert [str(each) for each in found.failures] == [
        "2026-Q4/one/2: okrs/a.toml:12: low tide; the last known value stays"
    ]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_no_value(run: Run, number: float) -> None:
    run.measure(source="tides", day="1")
    run.opened[0].answers["2"] = number
    assert "which is no number that a value can have" in str(run.refusal(source="tides", day="2"))


def test_a_stop_is_no_failure(run: Run) -> None:
    run.measure(source="tides", day="1")
    run.opened[0].answers["2"] = Interrupted()
    with pytest.raises(Interrupted):
        run.measure(source="tides", day="2")


def test_what_a_source_tells_is_kept_without_its_secrets(run: Run) -> None:
    run.measure(source="tides", day="1")
    run.opened[0].answers["2"] = Found(
        3,
        f"tide of {CANARY}",
        url=f"https://tides.example/?k={CANARY}",
        details={"row": 4, CANARY: [CANARY, None, True, 1.5, float("nan")], "of": Path("abc"), "deep": {"a": CANARY}},
    )
    value = run.measure(source="tides", day="2")
    assert (value.value, value.source) == (3.0, "tide of …")
    assert value.evidence["url"] == "https://tides.example/?k=…"
    assert value.evidence["details"] == {
        "row": 4,
        "…": ["…", None, True, 1.5, "nan"],
        "of": "abc",
        "deep": {"a": "…"},
    }


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (
            "almanack",
            {"source": "tides", "day": "1"},
            "nothing installed measures 'almanack'; plugin orrery is left out: ImportError: no brass"
            " (did you mean 'almanac'?)",
        ),
        ("feild", {}, "plugin orrery is left out: ImportError: no brass (did you mean 'field'?)"),
        ("almanac", {"day": "1"}, "measure.from = 'almanac' has no source; expected one of tides or moons (add source"),
        (
            "almanac",
            {"source": "tide", "day": "1"},
            "there is no source 'tide'; expected one of tides, moons, bare or stranger (did you mean 'tides'?)",
        ),
        ("almanac", {"source": "xyz", "day": "1"}, "(add a table [sources.xyz] to the settings)"),
        ("almanac", {"source": 3, "day": "1"}, "measure.source is no text"),
        (
            "almanac",
            {"source": "bare", "day": "1"},
            "the source 'bare' is of type 'sundial' (okrsync.toml:12), and measure.from is 'almanac'; expected one of",
        ),
        (
            "almanac",
            {"source": "tides", "dya": "1"},
            "measure.dya is not an option of measure.from = 'almanac'; expected day, hour or source",
        ),
        ("almanac", {"source": "tides"}, "measure.from = 'almanac' has no day (add day: The day)"),
        ("almanac", {"source": "tides", "day": 1}, "measure.day of tides is no text"),
        ("sundial", {"source": "bare", "day": "1"}, "okrsync.toml:12: sources.bare: url is missing"),
    ],
)
def test_what_cannot_be_asked_is_told_before_anything_is_opened(
    run: Run, kind: str, options: dict[str, Any], said: str
) -> None:
    assert said in str(run.refusal(kind, **options))
    assert run.attempts == 0


def test_check_names_every_mistake_with_its_place(settings: Settings, tmp_path: Path) -> None:
    measures = [
        '{ from = "almanac", source = "tide", day = "1" }',
        '{ from = "almanac", source = "tides", day = "1" }',
        '{ from = "almanac", source = "tides", dya = "1" }',
        '{ from = "unknown", day = "1" }',
        '{ from = "manual" }',
    ]
    (tmp_path / "okrs").mkdir()
    text = 'cycle = "2026-Q4"\nlevel = "team"\n[[objectives]]\nid = "o"\ntitle = "O"\n'
    for number, written in enumerate(measures):
        text += f'[[objectives.key_results]]\nid = "k{number}"\ntitle = "K"\nkind = "done"\nmeasure = {written}\n'
    text += '[[kpis]]\nid = "i"\ntitle = "I"\nmin = 1\nmeasure = { from = "sundial", source = "tides" }\n'
    (tmp_path / "okrs" / "a.toml").write_text(text)
    okrs, _ = check(tmp_path / "okrs", tmp_path)
    assert [(each.line, each.where, each.found) for each in check_measures(okrs, settings, PLUGINS)] == [
        (6, "2026-Q4/o/k0", "there is no source 'tide'"),
        (16, "2026-Q4/o/k2", "measure.dya is not an option of measure.from = 'almanac'"),
        (16, "2026-Q4/o/k2", "measure.from = 'almanac' has no day"),
        (
            31,
            "2026-Q4/i",
            "the source 'tides' is of type 'almanac' (okrsync.toml:4), and measure.from is 'sundial'",
        ),
    ]


def test_check_names_every_table_that_no_plugin_can_use(settings: Settings) -> None:
    assert [(each.line, each.where, each.found) for each in check_sources(settings, PLUGINS)] == [
        (12, "sources.bare", "url is missing"),
        (15, "sources.stranger", "type is 'orrery', which no installed plugin brings"),
    ]


def test_a_key_that_the_type_does_not_know_is_told(tmp_path: Path) -> None:
    (tmp_path / "okrsync.toml").write_text(SETTINGS.replace("phase =", "pase ="))
    settings = load(tmp_path / "okrsync.toml", tmp_path)
    (problem,) = [each for each in check_sources(settings, PLUGINS) if "pase" in each.found]
    assert problem.found == "'pase' is not a key of a source of type almanac"
    assert problem.do == "Did you mean 'phase'?"
    assert "is not a key of a source of type almanac" in str(Run(settings).refusal(source="moons", day="1"))
