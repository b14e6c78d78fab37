"""`[lint]`: which codes are looked for, in which language, and the figures that they compare with."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict, StringConstraints

from okrsync.domain.linting import Thresholds
from okrsync.settings.practice import Share
from okrsync.settings.tables import Name, Table, Text

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,10}[0-9]{0,5}$")]
Count = Annotated[int, Strict(), Field(ge=0, le=1000)]
AtLeastOne = Annotated[int, Strict(), Field(ge=1, le=1000)]

_DEFAULTS = Thresholds()


class LintThresholds(Table):
    """The figures that lint rules compare with."""

    key_results_least: Count = Field(
        default=_DEFAULTS.key_results_least, description="OKR301: the least key results of an objective."
    )
    key_results_most: AtLeastOne = Field(
        default=_DEFAULTS.key_results_most, description="OKR301: the most key results of an objective."
    )
    objectives_most: AtLeastOne = Field(
        default=_DEFAULTS.objectives_most, description="OKR302: the most objectives of one owner in a cycle."
    )
    company_least: Count = Field(
        default=_DEFAULTS.company_least, description="OKR303: the least company objectives of a cycle."
    )
    company_most: AtLeastOne = Field(
        default=_DEFAULTS.company_most, description="OKR303: the most company objectives of a cycle."
    )
    bottom_up_share: Share = Field(
        default=_DEFAULTS.bottom_up_share,
        description="OKR304: the least share of objectives below company level that come from the bottom up (0–1).",
    )
    page_lines: AtLeastOne = Field(default=_DEFAULTS.page_lines, description="OKR305: the lines of a page.")
    confidence: Share = Field(
        default=_DEFAULTS.confidence, description="OKR602: from here on, confidence is high (0–1)."
    )
    unmoved_check_ins: Annotated[int, Strict(), Field(ge=2, le=52)] = Field(
        default=_DEFAULTS.unmoved_check_ins,
        description="OKR602: after so many check-ins with the same value, it has not moved.",
    )


class LintSettings(Table):
    """What `okrsync lint` looks for. A code may be cut short: OKR2 stands for OKR201, OKR202 and so on."""

    select: tuple[Code, ...] = Field(default=(), description="The codes that are looked for. Absent: all.")
    ignore: tuple[Code, ...] = Field(default=(), description="The codes that are not.")
    per_file_ignores: dict[Text, tuple[Code, ...]] = Field(
        default_factory=dict,
        alias="per-file-ignores",
        description="A pattern for documents, from this file's folder → codes that are not looked for in them.",
    )
    language: Name = Field(
        default="en", description="The language of the documents: en, or the name of one of the files under words."
    )
    words: tuple[Text, ...] = Field(
        default=(), description="Files with the words of further languages, from this file's folder: words/de.toml."
    )
    thresholds: LintThresholds = Field(
        default=LintThresholds(), description="The figures that lint rules compare with."
    )

    @property
    def figures(self) -> Thresholds:
        """The thresholds as rules take them."""
        return Thresholds(**self.thresholds.model_dump())
