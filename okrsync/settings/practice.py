"""`[people.NAME]` and `[scoring]`: who people are in the trackers, and how scores are adjusted and read."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict, model_validator

from okrsync.settings.tables import Table, Text

Share = Annotated[float, Strict(), Field(ge=0, le=1)]


class PersonSettings(Table):
    """A person as documents name them."""

    accounts: tuple[Text, ...] = Field(
        default=(),
        description="Every account of theirs: a login at GitHub, an account id, name or e-mail address at Jira.",
    )
    email: Text | None = Field(default=None, description="Where reminders go; also tells who is at the keyboard.")
    teams: tuple[Text, ...] = Field(default=(), description="The teams that they belong to.")


class Scoring(Table):
    """How scores are adjusted and read. The bounds of the bands are in the order in which they stand here."""

    adjustment: Share = Field(default=0.05, description="How far a team may move a score by judgement, up or down.")
    reconsider: Share = Field(default=0.4, description="Below it: reconsider whether to continue.")
    short: Share = Field(default=0.6, description="Below it: short of expectation. From it: good.")
    challenge: Share = Field(default=0.7, description="Above it: a successful challenge.")
    excellent: Share = Field(default=0.8, description="Above it: excellent; where all are, not ambitious enough.")

    @model_validator(mode="after")
    def _in_order(self) -> Scoring:
        if not self.reconsider < self.short < self.challenge < self.excellent:
            raise ValueError("bounds that rise: reconsider, short, challenge, excellent")
        return self
