"""Where every objective goes: the settings' mappings, met with what each tracker can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from okrsync.domain.items import ItemKind
from okrsync.domain.okr import Kpi, Objective, Okrs
from okrsync.domain.ref import Ref
from okrsync.plan.merge import Authority
from okrsync.plan.values import Placement, Role
from okrsync.settings import MappingSettings, Settings
from okrsync.trackers.interface import TrackerType
from okrsync.trackers.values import Scope


@dataclass(frozen=True)
class Place:
    """Where one objective and its key results live."""

    placement: Placement
    scope: Scope


class Atlas:
    """Knows the place of every objective, key result and KPI of the documents.

    `kinds` are the kinds of tracker by the names that the settings give to trackers.
    """

    def __init__(self, settings: Settings, kinds: Mapping[str, TrackerType], okrs: Okrs) -> None:
        self._settings = settings
        self._kinds = kinds
        extra = _fields_of_measures(settings, okrs)
        self._places = {
            index: _place(mapping, kinds[mapping.tracker], extra.get(index, ()))
            for index, mapping in enumerate(settings.mappings)
        }

    @property
    def trackers(self) -> frozenset[str]:
        """The names that the settings give to trackers."""
        return frozenset(self._settings.trackers)

    def keeps_history(self, tracker: str) -> bool:
        """Whether the tracker with this name in the settings tells who changed a field, and when."""
        return self._kinds[tracker].capabilities.field_history

    def takes_comments(self, tracker: str, kind: ItemKind) -> bool:
        """Whether items of a kind take comments in the tracker with this name in the settings."""
        return kind in self._kinds[tracker].capabilities.comments_on

    def place(self, owned: Objective | Kpi) -> Place | None:
        """The place of an objective or KPI; None where no mapping matches."""
        mapping = self._settings.mapping_for(owned)
        return None if mapping is None else self._places[self._settings.mappings.index(mapping)]

    def place_of(self, mapping: MappingSettings) -> Place:
        """The place that one of the settings' mappings describes."""
        return self._places[self._settings.mappings.index(mapping)]

    def placement(self, objective: Objective) -> Placement | None:
        """The placement of an objective; None where no mapping matches."""
        place = self.place(objective)
        return place.placement if place else None

    def homes(self, okrs: Okrs) -> dict[Ref, tuple[str, Scope]]:
        """Tracker and scope of every item that the documents may ask for."""
        homes: dict[Ref, tuple[str, Scope]] = {}
        for objective in okrs.objectives:
            place = self.place(objective)
            if place is None:
                continue
            home = (place.placement.tracker, place.scope)
            homes[objective.ref] = home
            if place.placement.key_results_as_items:
                homes |= {key_result.ref: home for key_result in objective.key_results}
        return homes

    def scopes(self, okrs: Okrs) -> dict[str, list[Scope]]:
        """Tracker → the scopes that these documents need, each once, in the order of the mappings."""
        used = {
            self._settings.mappings.index(mapping)
            for owned in okrs.objectives
            if (mapping := self._settings.mapping_for(owned)) is not None
        }
        scopes: dict[str, list[Scope]] = {}
        for index in sorted(used):
            place = self._places[index]
            group = scopes.setdefault(place.placement.tracker, [])
            if place.scope not in group:
                group.append(place.scope)
        return scopes


def _fields_of_measures(settings: Settings, okrs: Okrs) -> dict[int, tuple[str, ...]]:
    """Mapping → the fields on items of its own that its key results are measured by."""
    fields: dict[int, dict[str, None]] = {}
    for objective in okrs.objectives:
        mapping = settings.mapping_for(objective)
        if mapping is None:
            continue
        named = fields.setdefault(settings.mappings.index(mapping), {})
        for key_result in objective.key_results:
            measure = key_result.measure
            if measure.source == "field" and measure.field and not measure.item:
                named[measure.field] = None
    return {index: tuple(named) for index, named in fields.items()}


def _place(mapping: MappingSettings, kind: TrackerType, measured: tuple[str, ...]) -> Place:
    can = kind.capabilities
    as_items = mapping.key_results.form == "issues"
    roles = {Role(role): name for role, name in mapping.field_names.items()}
    return Place(
        Placement(
            tracker=mapping.tracker,
            project=mapping.project,
            source=mapping.source,
            markup=can.markup,
            key_results_as_items=as_items,
            authority=Authority(mapping.authority),
            roles=roles,
            publish_progress=mapping.publish_progress,
            due_on_key_results=can.due_on_key_results,
            native_links=can.native_links,
        ),
        mapping.scope(kr_fields=measured),
    )
