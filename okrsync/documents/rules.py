"""What must be true between the values of one table: kinds and their numbers, bands, phases, measures, due dates."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from typing import Any

from okrsync.documents.forms import LONGEST_LINE, WrongValue
from okrsync.documents.keys import MEASURES, PHASE
from okrsync.documents.tables import Place, read_table
from okrsync.domain.cycle import Cycle
from okrsync.domain.okr import Kind, Measure, Phase
from okrsync.domain.progress import same_number
from okrsync.problems import did_you_mean, listed, written

_NUMBERS = ("baseline", "target", "min", "max")


def kind_of(data: Mapping[str, Any], values: Mapping[str, Any], place: Place) -> Kind:
    """The kind of a key result, as written or as its numbers tell, with its numbers checked.

    `data` is what was written, `values` what was right in it: a number that is there but wrong is not called missing.
    """
    baseline, target, minimum, maximum = (name in data for name in _NUMBERS)
    if "kind" in values:
        kind = Kind(values["kind"])
    elif (minimum or maximum) and not (baseline or target):
        kind = Kind.MAINTAIN
    else:
        kind = Kind.REACH
    if "kind" in data and "kind" not in values:
        return kind
    if kind is Kind.REACH:
        _check_reach(data, values, place)
    elif kind is Kind.MAINTAIN:
        _check_maintain(data, place)
    else:
        _check_done(data, values, place)
    return kind


def _check_reach(data: Mapping[str, Any], values: Mapping[str, Any], place: Place) -> None:
    band = [name for name in ("min", "max") if name in data]
    missing = [name for name in ("baseline", "target") if name not in data]
    if band:
        place.wrong(
            band[0],
            f"{listed(band, 'and')} beside kind 'reach', which goes from baseline to target",
            do='Remove it, or say kind = "maintain" and leave baseline and target out.',
        )
    elif missing:
        place.wrong(
            "",
            f"has no {listed(missing, 'and no')}",
            "both for kind 'reach'",
            'Add it; or say kind = "maintain" with min or max, or kind = "done".',
            "OKR201",
        )
    if same_number(values.get("baseline"), values.get("target")) and "baseline" in values and "target" in values:
        place.wrong(
            "target",
            f"baseline and target are both {written(data['target'])}: there is no way to go",
            do='Change one of them; or say kind = "maintain" with min or max.',
            code="OKR201",
        )


def _check_maintain(data: Mapping[str, Any], place: Place) -> None:
    if "target" in data:
        place.wrong("target", "target beside kind 'maintain'", "min, max or both", "Call it min or max.")
    elif "min" not in data and "max" not in data:
        place.wrong("", "has no min and no max", "one or both for kind 'maintain'")


def _check_done(data: Mapping[str, Any], values: Mapping[str, Any], place: Place) -> None:
    implied = {"baseline": 0.0, "target": 1.0}
    for name in _NUMBERS:
        if name in data and values.get(name, implied.get(name)) != implied.get(name):
            place.wrong(
                name,
                f"{name} beside kind 'done', which is 0 or 1",
                do='Remove it; or say kind = "reach" for a number to be reached.',
            )


def check_band(values: Mapping[str, Any], place: Place) -> None:
    """A band's lower end lies at or below its upper end."""
    minimum, maximum = values.get("min"), values.get("max")
    if minimum is not None and maximum is not None and minimum > maximum:
        place.wrong("min", f"min is {minimum:g} and max is {maximum:g}", "min at or below max")


def check_due(values: Mapping[str, Any], cycle: Cycle, place: Place) -> None:
    """What is due is due within its cycle."""
    due = values.get("due")
    if due is not None and not cycle.holds(due):
        place.wrong("due", f"due is {due}", _days(cycle), code="OKR206")


def _days(cycle: Cycle) -> str:
    return f"a day of {cycle.name}, {cycle.start} to {cycle.end}"


def check_audience(values: Mapping[str, Any], everyone: str, audiences: Collection[str], place: Place) -> None:
    """An audience is everyone, or has a definition."""
    audience = values.get("audience", everyone)
    if audience == everyone or audience in audiences:
        return
    place.wrong(
        "audience",
        f"audience is {audience!r}",
        listed([everyone, *audiences]),
        did_you_mean(audience, [everyone, *audiences]) or "Define it under [audiences] in okrsync.toml.",
    )


def phases_of(values: Mapping[str, Any], kind: Kind, cycle: Cycle, place: Place) -> tuple[Phase, ...]:
    """The phases of a key result: in order, and within the cycle."""
    phases = []
    for index, data in enumerate(values.get("phases", ())):
        here = Place(place.report, (*place.path, "phases", index), f"{place.where}, phase {index + 1}")
        step = read_table(data, PHASE, here)
        if len(step) < len(PHASE):
            continue
        if not cycle.holds(step["by"]):
            here.wrong("by", f"by is {step['by']}", _days(cycle))
        phases.append(Phase(step["by"], step["target"]))
    for before, after in itertools.pairwise(phases):
        if after.by <= before.by:
            place.wrong("phases", f"a phase by {after.by} follows one by {before.by}", "phases in the order of days")
    if phases and kind is not Kind.REACH:
        place.wrong("phases", f"phases beside kind '{kind}'", do="Remove them: only kind 'reach' has a way to go.")
    return tuple(phases)


def measure_of(data: Mapping[str, Any] | None, plugins: Collection[str] | None, place: Place) -> Measure:
    """Where a value comes from. `plugins` are the sources that plugins register; None where any name will do."""
    if data is None:
        return Measure()
    here = place.below("measure")
    source = data.get("from")
    if not isinstance(source, str) or not source.strip() or len(source) > LONGEST_LINE:
        found = "measure has no from" if source is None else f"measure.from is {written(source)}"
        here.wrong("from", found, f"{', '.join(MEASURES)}, or the name of a plugin's measure")
        return Measure()
    options = {name: value for name, value in data.items() if name != "from"}
    if source in MEASURES:
        _check_options(source, options, here)
    elif plugins is not None and source not in plugins:
        known = [*MEASURES, *sorted(plugins)]
        do = did_you_mean(source, known) or "If a plugin brings it, install the plugin."
        here.wrong("from", f"measure.from is {source!r}", listed(known), do)
    return Measure(source, options)


_OF_NOTHING = {
    ("average", "may_be_empty"): "Nothing has no average: what matches nothing keeps its last value.",
    ("done", "may_be_empty"): "Of nothing no share is done: what matches nothing keeps its last value.",
}
"""Why some measures have no value where nothing matches."""


def _check_options(source: str, options: Mapping[str, Any], here: Place) -> None:
    keys = MEASURES[source]
    for name, value in options.items():
        key = keys.get(name)
        if key is None:
            right = listed(keys) if keys else "no further key"
            do = _OF_NOTHING.get((source, name)) or did_you_mean(name, [each for each in keys if each not in options])
            here.wrong(name, f"measure.{name} is not an option of measure.from = {source!r}", right, do)
            continue
        try:
            key.form.read(value)
        except WrongValue as wrong:
            here.wrong(name, f"measure.{name} {wrong.found}", wrong.right, wrong.do)
    for key in keys.values():
        if key.required and key.name not in options:
            here.wrong("", f"measure.from = {source!r} has no {key.name}", do=f"Add {key.name}: {key.meaning}")


def check_item(measure: Measure, place: Place) -> None:
    """A KPI has no item of its own, so a measure over an item names one."""
    if measure.source == "children" or (measure.source == "field" and measure.item is None):
        place.wrong(
            "measure",
            f"measure.from is {measure.source!r}, but a KPI has no item of its own",
            do='Name the item to read: measure = { from = "field", item = "…" }.',
        )
