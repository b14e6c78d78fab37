"""What okrsync.toml may say, as typed and frozen values. The JSON Schema and every message come from these models."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, PrivateAttr, Strict, ValidationInfo, field_validator

from okrsync.domain.okr import Kpi, Objective
from okrsync.settings.daemon import DaemonSettings, Schedule
from okrsync.settings.documents import DocumentsPlace, GitDocuments
from okrsync.settings.lint import LintSettings
from okrsync.settings.mappings import MappingSettings
from okrsync.settings.notifiers import NotifySettings
from okrsync.settings.practice import PersonSettings, Scoring
from okrsync.settings.sources import SourceSettings
from okrsync.settings.tables import CycleName, Day, Duration, Flag, Name, Slug, Table, Text
from okrsync.settings.trackers import TrackerSettings
from okrsync.settings_file import DEFAULT_CACHE, path_from


class NamedCycle(Table):
    """A cycle with a name of its own."""

    start: Day = Field(description="Its first day.")
    end: Day = Field(description="Its last day.")

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: date, info: ValidationInfo) -> date:
        if end <= info.data.get("start", date.min):
            raise ValueError("a day after start")
        return end


class Safety(Table):
    """When okrsync stops and waits for a person."""

    share_gone: Annotated[float, Strict(), Field(gt=0, le=1)] = Field(
        default=0.2, description="Hold everything when more than this share of the known items vanished at once (0–1)."
    )
    at_least: Annotated[int, Strict(), Field(ge=1)] = Field(default=5, description="… and at least so many of them.")


class PluginSettings(Table):
    """Which plugins may be loaded."""

    allow: tuple[Text, ...] | None = Field(
        default=None, description="The names of the plugins that may be loaded; without it, every installed one."
    )


class Settings(Table):
    """Everything that okrsync.toml says."""

    workspace: Slug = Field(description="The name of the workspace. It is part of every marker: do not change it.")
    documents: DocumentsPlace = Field(
        default="okrs",
        description="The folder of the OKR documents, from this file's folder; or the git repository that has them.",
    )
    cache: Text = Field(default=DEFAULT_CACHE, description="The cache, from this file's folder.")
    check_in_period: Duration = Field(
        default=timedelta(days=7), description="After which time without a new value a key result is stale."
    )
    require_review: Flag = Field(
        default=False, description="Whether only committed objectives, reviewed by a reviewer, go to a tracker."
    )
    reviewers: tuple[Text, ...] = Field(
        default=(), description="The people who review proposals before a cycle and adjustments of scores at its end."
    )
    schedule: Schedule = Field(default=Schedule(), description="When the daemon works.")
    daemon: DaemonSettings = Field(default=DaemonSettings(), description="What the daemon does.")
    cycles: dict[CycleName, NamedCycle] = Field(
        default_factory=dict, description="Cycles that are no calendar quarter, half year or year, by name."
    )
    audiences: dict[Name, tuple[Text, ...]] = Field(
        default_factory=dict, description="Who may see objectives that are not for everyone: a name → people or groups."
    )
    people: dict[Name, PersonSettings] = Field(
        default_factory=dict, description="The people as documents name them, and the accounts that are theirs."
    )
    scoring: Scoring = Field(default=Scoring(), description="How scores are adjusted and read.")
    trackers: dict[Name, TrackerSettings] = Field(default_factory=dict, description="The trackers, by name.")
    sources: dict[Name, SourceSettings] = Field(
        default_factory=dict, description="Where numbers come from that are in no tracker, by name."
    )
    notify: dict[Name, NotifySettings] = Field(default_factory=dict, description="Who is told what, and how, by name.")
    mappings: tuple[MappingSettings, ...] = Field(default=(), description="Where objectives live; first match wins.")
    lint: LintSettings = Field(
        default_factory=lambda: LintSettings.model_validate({}), description="What `okrsync lint` looks for."
    )
    safety: Safety = Field(default=Safety(), description="When okrsync stops and waits for a person.")
    plugins: PluginSettings = Field(default=PluginSettings(), description="Which plugins may be loaded.")
    _path: Path = PrivateAttr(default=Path("okrsync.toml"))

    @property
    def path(self) -> Path:
        """The settings file."""
        return self._path

    @property
    def folder(self) -> Path:
        """The folder that paths in the settings start from."""
        return self._path.parent

    @property
    def documents_folder(self) -> Path:
        """The folder of the OKR documents; of those in a git repository, the folder in okrsync's checkout of it."""
        if isinstance(self.documents, GitDocuments):
            return self.checkout / self.documents.path
        return self.path_of(self.documents)

    @property
    def checkout(self) -> Path:
        """Where okrsync checks documents out that are in a git repository: beside the cache, for it alone."""
        return self.cache_file.with_name(f".{self.cache_file.name}.documents")

    @property
    def cache_file(self) -> Path:
        """The cache."""
        return self.path_of(self.cache)

    def path_of(self, written: str) -> Path:
        """A path as the settings write it: from their folder, or from the home folder where it begins with ~."""
        return path_from(self.folder, written)

    @property
    def named_cycles(self) -> dict[str, tuple[date, date]]:
        """The first and last days of the cycles with names of their own."""
        return {name: (cycle.start, cycle.end) for name, cycle in self.cycles.items()}

    def mapping_for(self, owned: Objective | Kpi) -> MappingSettings | None:
        """The first mapping that matches; None where an objective is tracked by documents and check-ins alone."""
        return next((mapping for mapping in self.mappings if mapping.match.fits(owned)), None)
