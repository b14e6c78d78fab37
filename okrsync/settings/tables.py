"""What every table of the settings has in common: the forms of its values, and that it knows no other key."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainValidator, Strict, StringConstraints, WithJsonSchema

from okrsync.settings.times import CRON, DURATION, parse_duration, parse_maybe_none, parse_when

_ONE_LINE = r"^[^\x00-\x1f\x7f]*$"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=250, pattern=_ONE_LINE)]
Slug = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9._-]+$")]
CycleName = Annotated[str, StringConstraints(max_length=30, pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
Name = Annotated[str, StringConstraints(max_length=60, pattern=r"^[A-Za-z0-9_-]+$")]
Flag = Annotated[bool, Strict()]
Day = Annotated[date, Strict()]
Duration = Annotated[
    timedelta, PlainValidator(parse_duration), WithJsonSchema({"type": "string", "pattern": f"^{DURATION}$"})
]
MaybeNone = Annotated[
    timedelta,
    PlainValidator(parse_maybe_none),
    WithJsonSchema({"type": "string", "pattern": f"^(0s|{DURATION})$"}),
]
"""A span of time that may be none at all."""
When = Annotated[
    timedelta | str,
    PlainValidator(parse_when),
    WithJsonSchema({"type": "string", "pattern": f"^({DURATION}|{CRON})$"}),
]


class Table(BaseModel):
    """A table of the settings: no key beside its own, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
