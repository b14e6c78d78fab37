"""Jira's refusals: the shapes and words of its error answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.responses import JSONResponse

from okrsync.sandbox.request import Refused

NOT_ON_SCREEN = "Field '{field}' cannot be set. It is not on the appropriate screen, or unknown."


class InvalidError(ValueError):
    """A write that Jira refuses, with messages for the whole and for fields."""

    def __init__(self, *messages: str, fields: Mapping[str, str] | None = None, status: int = 400) -> None:
        self.messages = list(messages)
        self.fields = dict(fields or {})
        super().__init__("; ".join([*messages, *(f"{name}: {text}" for name, text in self.fields.items())]))
        self.status = status


def errors(
    status: int, messages: Sequence[str] = (), fields: dict[str, str] | None = None, **headers: str
) -> JSONResponse:
    """An error answer in the shape of most endpoints."""
    return answer({"errorMessages": list(messages), "errors": fields or {}}, status, **headers)


def refused(status: int, message: str) -> Refused:
    """Ends a request with one message."""
    return Refused(errors(status, [message]))


def answer(content: object, status: int = 200, **headers: str) -> JSONResponse:
    """A JSON answer as Jira labels it."""
    return JSONResponse(content, status, headers, media_type="application/json;charset=UTF-8")
