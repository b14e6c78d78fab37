"""Every rule that okrsync brings, in the order of the codes."""

from __future__ import annotations

from okrsync.domain.linting import Rule
from okrsync.practice.lint.rules.alignment import AlignedSideways, AlignedToNowhere, Unaligned, Unsupported
from okrsync.practice.lint.rules.check_ins import ConfidentAndUnmoved, NoCheckIn, NotAmbitious
from okrsync.practice.lint.rules.commitment import NotReviewed, TargetMoved
from okrsync.practice.lint.rules.key_results import (
    Activity,
    KpiAsKeyResult,
    ManualThoughMeasurable,
    Output,
    TitleDisagrees,
)
from okrsync.practice.lint.rules.objectives import NobodysObjective, NoReason, NumberInObjective
from okrsync.practice.lint.rules.refused import BaselineOrTargetMissing, DocumentRefused, DueOutsideCycle
from okrsync.practice.lint.rules.sizes import (
    BottomUpShare,
    CompanyObjectives,
    KeyResultCount,
    ObjectivesOfOneOwner,
    Pages,
)
from okrsync.practice.lint.vocabulary import Words

PREFIX = "OKR"
"""What the codes of okrsync's own rules begin with."""


def rules(words: Words) -> tuple[Rule, ...]:
    """The rules, with the words of the language in which the documents are written."""
    return (
        DocumentRefused(),
        NumberInObjective(words),
        NobodysObjective(),
        NoReason(),
        BaselineOrTargetMissing(),
        Activity(words),
        TitleDisagrees(words),
        Output(words),
        ManualThoughMeasurable(words),
        DueOutsideCycle(),
        KeyResultCount(),
        ObjectivesOfOneOwner(),
        CompanyObjectives(),
        BottomUpShare(),
        Pages(),
        Unaligned(),
        AlignedToNowhere(),
        AlignedSideways(),
        Unsupported(),
        NotReviewed(),
        TargetMoved(),
        NoCheckIn(),
        ConfidentAndUnmoved(),
        NotAmbitious(),
        KpiAsKeyResult(words),
    )
