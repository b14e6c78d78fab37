"""Milestones: list, get, create, change, delete."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from okrsync.sandbox.github import actions
from okrsync.sandbox.github.actions import UNSET, MilestoneChange
from okrsync.sandbox.github.answers import answer
from okrsync.sandbox.github.paging import numbered_page
from okrsync.sandbox.github.rest.call import Call, Endpoint
from okrsync.sandbox.github.rest.given import Given
from okrsync.sandbox.github.state import Milestone

KEYS = ("title", "state", "description", "due_on")
STATES = ("open", "closed")
FAR_AWAY = datetime.max.replace(tzinfo=UTC)


def list_milestones(call: Call) -> Response:
    state = call.choice("state", ("open", "closed", "all"), "Milestone")
    by_due = call.choice("sort", ("due_on", "completeness"), "Milestone") == "due_on"
    downwards = call.choice("direction", ("asc", "desc"), "Milestone") == "desc"
    repository = call.repository
    counts = repository.milestone_counts()

    def place(milestone: Milestone) -> tuple[float, int]:
        if by_due:
            return (milestone.due_on or FAR_AWAY).timestamp(), milestone.number
        still_open, closed = counts[milestone.number]
        return closed / max(1, still_open + closed), milestone.number

    found = [one for one in repository.milestones.values() if state in ("all", one.state)]
    found.sort(key=place, reverse=downwards)
    return numbered_page(
        call.request, call.path, found, call.hub.largest_page, lambda one: call.shapes.milestone(repository, one)
    )


def get_milestone(call: Call) -> Response:
    return answer(call.shapes.milestone(call.repository, call.milestone()))


def create_milestone(call: Call) -> Response:
    call.must_write()
    given = Given(call, permitted=KEYS)
    given.required("title")
    change = MilestoneChange(
        title=given.text("title"),
        description=given.text_or_null("description"),
        due_on=given.moment("due_on"),
        state=given.choice("state", STATES),
    )
    shown = call.shapes.milestone(call.repository, actions.create_milestone(call.doing, call.repository, change))
    return answer(shown, 201, {"Location": shown["url"]})


def edit_milestone(call: Call) -> Response:
    milestone = call.milestone()
    call.must_write()
    given = Given(call, permitted=KEYS)
    change = MilestoneChange(
        title=given.text("title"),
        description=given.text_or_null("description"),
        due_on=given.moment_or_null("due_on"),
        state=given.choice("state", STATES),
    )
    if change != MilestoneChange(UNSET, UNSET, UNSET, UNSET):
        actions.edit_milestone(call.doing, call.repository, milestone, change)
    return answer(call.shapes.milestone(call.repository, milestone))


def delete_milestone(call: Call) -> Response:
    milestone = call.milestone()
    call.must_write()
    actions.delete_milestone(call.doing, call.repository, milestone)
    return Response(status_code=204)


DOCS = "issues/milestones"
ROUTES = (
    Endpoint("GET", "{repo}/milestones", f"{DOCS}#list-milestones", list_milestones),
    Endpoint("POST", "{repo}/milestones", f"{DOCS}#create-a-milestone", create_milestone),
    Endpoint("GET", "{repo}/milestones/{number:int}", f"{DOCS}#get-a-milestone", get_milestone),
    Endpoint("PATCH", "{repo}/milestones/{number:int}", f"{DOCS}#update-a-milestone", edit_milestone),
    Endpoint("DELETE", "{repo}/milestones/{number:int}", f"{DOCS}#delete-a-milestone", delete_milestone),
)
