"""`[[mappings]]`: which objectives live where, and in which form."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PrivateAttr, StringConstraints, model_validator

from okrsync.domain.okr import Kpi, Level, Objective, Source
from okrsync.settings.tables import Flag, Name, Table, Text, When
from okrsync.trackers.values import Scope


def _right_level(pattern: str) -> str:
    if not any(fnmatchcase(level, pattern) for level in Level):
        raise ValueError("company, department, team or individual, or a pattern for some of them")
    return pattern


class Match(Table):
    """Which objectives a mapping is for: those that match every pattern (`*`, `?` and `[…]`, case counts)."""

    team: Text | None = Field(default=None, description="The team of the document.")
    level: Annotated[Text, AfterValidator(_right_level)] | None = Field(
        default=None, description="The level of the document: company, department, team or individual."
    )
    owner: Text | None = Field(default=None, description="The owner of the objective, or of the document.")
    id: Text | None = Field(default=None, description="The id of the objective.")
    cycle: Text | None = Field(default=None, description="The cycle.")

    def fits(self, owned: Objective | Kpi) -> bool:
        """Whether the objective or KPI matches every pattern that is there. What it has not counts as empty text."""
        return (
            (self.team is None or fnmatchcase(owned.team or "", self.team))
            and (self.level is None or fnmatchcase(owned.level.value, self.level))
            and (self.owner is None or fnmatchcase(owned.owner or "", self.owner))
            and (self.id is None or fnmatchcase(owned.ref.objective, self.id))
            and (self.cycle is None or fnmatchcase(owned.ref.cycle, self.cycle))
        )


class ObjectiveForm(Table):
    """What objectives become in the tracker."""

    form: Text = Field(alias="as", description="epic in Jira, milestone in GitHub, or what a plugin brings.")
    type: Text | None = Field(default=None, description="Jira: the issue type, where it is not the usual one.")
    link_type: Text | None = Field(
        default=None, description="Jira: the issue link type that shows alignment, where it is not the usual one."
    )


class KeyResultForm(Table):
    """What key results become in the tracker."""

    form: Literal["issues", "fields"] = Field(
        default="issues",
        alias="as",
        description="issues: an item for each; fields: a number field on the objective's item, named by measure.field.",
    )
    type: Text | None = Field(default=None, description="Jira: the issue type of the items.")
    labels: tuple[Text, ...] = Field(default=(), description="Labels that the items carry.")


class Fields(Table):
    """The names of the tracker's fields, as people see them there."""

    baseline: Text | None = Field(default=None, description="The field that shows a key result's baseline.")
    target: Text | None = Field(default=None, description="The field that shows its target.")
    current: Text | None = Field(default=None, description="The field that holds its current value.")
    progress: Text | None = Field(default=None, description="The field that shows its progress.")
    weight: Text | None = Field(default=None, description="The field that shows its weight.")
    confidence: Text | None = Field(default=None, description="The field that shows the confidence of the check-ins.")
    project_board: Annotated[str, StringConstraints(pattern=r"^[^/\s]+/[1-9][0-9]*$")] | None = Field(
        default=None, description="GitHub: the Projects board that has the fields, as owner/number."
    )

    @model_validator(mode="after")
    def _each_once(self) -> Fields:
        names = list(self.by_role.values())
        if len(set(names)) < len(names):
            raise ValueError("another field for each of baseline, target, current, progress, weight and confidence")
        return self

    @property
    def by_role(self) -> dict[str, str]:
        """What a field is for → its name; only those that are named, always in the same order."""
        roles = ("baseline", "target", "current", "progress", "weight", "confidence")
        return {role: name for role in roles if (name := getattr(self, role))}


class MappingSettings(Table):
    """Where the objectives that match live, and in which form. The first mapping that matches counts."""

    match: Match = Field(default=Match(), description="Which objectives; without it, all.")
    tracker: Name = Field(description="A name under [trackers].")
    project: Text = Field(description="Jira: the project's key; GitHub: owner/repository.")
    objectives: ObjectiveForm = Field(description="What objectives become.")
    key_results: KeyResultForm = Field(
        default_factory=lambda: KeyResultForm.model_validate({}), description="What key results become."
    )
    fields: Fields = Field(default=Fields(), description="The names of the tracker's fields.")
    authority: Literal["documents", "tracker", "both"] = Field(
        default="documents", description="Who decides about title, why and due date where document and tracker differ."
    )
    schedule: When | None = Field(
        default=None,
        description="How often the daemon reads it: a span of time or a cron expression. Default: schedule.pull.",
    )
    publish_progress: Flag = Field(
        default=False, description="Whether descriptions in the tracker show current values too."
    )
    _source: Source = PrivateAttr(default=Source("", 1))

    @property
    def source(self) -> Source:
        """Where it stands in the settings."""
        return self._source

    @property
    def field_names(self) -> dict[str, str]:
        """What a tracked field is for → its name; only those that are named, always in the same order."""
        return self.fields.by_role

    @property
    def board(self) -> str | None:
        """GitHub: the Projects board that has the fields, `owner/number`."""
        return self.fields.project_board

    def scope(self, kr_fields: Iterable[str] = (), objective_fields: Iterable[str] = ()) -> Scope:
        """What a tracker has to know of this mapping.

        `kr_fields` are the fields that measures name for key results; where these are fields of the objective's item,
        they are read there.
        """
        measured = tuple(dict.fromkeys(kr_fields))
        as_items = self.key_results.form == "issues"
        on_items = (*self.field_names.values(), *measured) if as_items else ()
        on_objectives = (*objective_fields, *(() if as_items else measured))
        return Scope(
            project=self.project,
            objective_form=self.objectives.form,
            objective_type=self.objectives.type,
            key_result_form=self.key_results.form,
            key_result_type=self.key_results.type,
            labels=self.key_results.labels,
            fields=tuple(dict.fromkeys(on_items)),
            objective_fields=tuple(dict.fromkeys(on_objectives)),
            measured=tuple(each for each in measured if not (as_items and each in self.field_names.values())),
            board=self.board,
            link_type=self.objectives.link_type,
        )
