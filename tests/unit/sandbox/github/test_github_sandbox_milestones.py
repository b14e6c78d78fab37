"""Milestones behave as GitHub's do, Pacific days and all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from github import Github, GithubException
from hypothesis import given
from hypothesis import strategies as st

from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.github.state import pacific_day
from tests.unit.sandbox.github.github_sandbox_api import Api

MILESTONES = "/repos/acme/web/milestones"


def test_midnight_utc_is_due_the_day_before(client: Github) -> None:
    repository = client.get_repo("acme/web")
    midnight = repository.create_milestone("a", due_on=datetime(2026, 12, 31, tzinfo=UTC))
    noon = repository.create_milestone("b", due_on=datetime(2026, 12, 31, 12, tzinfo=UTC))
    pacific = ZoneInfo("America/Los_Angeles")
    assert midnight.due_on is not None and noon.due_on is not None
    assert midnight.due_on.astimezone(pacific).date() == date(2026, 12, 30)
    assert noon.due_on.astimezone(pacific).date() == date(2026, 12, 31)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)))
def test_a_due_day_is_a_pacific_midnight_that_stays(moment: datetime) -> None:
    due = pacific_day(moment)
    assert due <= moment < due + timedelta(hours=25)
    assert due.astimezone(ZoneInfo("America/Los_Angeles")).time().isoformat() == "00:00:00"
    assert pacific_day(due) == due


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, '"title" wasn\'t supplied.'),
        ({"title": 3}, "For 'properties/title', 3 is not a string."),
        ({"title": "x", "due_on": "2026-12-31"}, "2026-12-31 is not a valid date-time."),
        ({"title": "x", "due_on": None}, "For 'properties/due_on', nil is not a string."),
        ({"title": "x", "due": "2026-12-31T12:00:00Z"}, '"due" is not a permitted key.'),
        ({"title": "x", "state": "done"}, '"done" is not a member of ["open", "closed"].'),
    ],
)
def test_what_does_not_fit_the_schema_is_refused(api: Api, body: dict[str, object], message: str) -> None:
    refused = api("POST", MILESTONES, body)
    assert refused.status_code == 422
    assert message in refused.json()["message"]
    assert refused.json()["documentation_url"].endswith("issues/milestones#create-a-milestone")
    assert api("GET", f"{MILESTONES}?state=all").json() == []


@pytest.mark.parametrize(
    ("title", "error"),
    [
        ("Taken", {"resource": "Milestone", "code": "already_exists", "field": "title"}),
        (" ", {"resource": "Milestone", "code": "missing_field", "field": "title"}),
    ],
)
def test_broken_rules_are_told_in_githubs_form(
    site: GitHubSandbox, api: Api, title: str, error: dict[str, str]
) -> None:
    site.create_milestone("acme/web", "Taken", state="closed")
    refused = api("POST", MILESTONES, {"title": title})
    assert refused.status_code == 422
    assert refused.json()["message"] == "Validation Failed"
    assert refused.json()["errors"] == [error]
    assert refused.json()["status"] == "422"


def test_lists_show_open_ones_unless_told_otherwise(site: GitHubSandbox, client: Github) -> None:
    site.create_milestone("acme/web", "later", due_on=date(2026, 12, 31))
    site.create_milestone("acme/web", "sooner", due_on=date(2026, 11, 30))
    site.create_milestone("acme/web", "whenever")
    site.create_milestone("acme/web", "gone", state="closed")
    repository = client.get_repo("acme/web")
    assert [one.title for one in repository.get_milestones()] == ["sooner", "later", "whenever"]
    assert [one.title for one in repository.get_milestones(direction="desc")] == ["whenever", "later", "sooner"]
    assert {one.title for one in repository.get_milestones(state="all")} == {"sooner", "later", "whenever", "gone"}
    with pytest.raises(GithubException) as refused:
        list(repository.get_milestones(state="done"))
    assert refused.value.status == 422


def test_counts_count_pull_requests_too(site: GitHubSandbox, api: Api) -> None:
    number = site.create_milestone("acme/web", "m")
    site.create_issue("acme/web", "issue", milestone=number)
    pull = site.create_issue("acme/web", "pull", milestone=number, pull_request=True)
    site.merge_pull_request("acme/web", pull)
    shown = api("GET", f"{MILESTONES}/{number}").json()
    assert (shown["open_issues"], shown["closed_issues"]) == (1, 1)


def test_null_clears_a_due_date_and_other_fields_stay(site: GitHubSandbox, api: Api) -> None:
    number = site.create_milestone("acme/web", "m", description="why", due_on=date(2026, 12, 31))
    shown = api("PATCH", f"{MILESTONES}/{number}", {"due_on": None}).json()
    assert shown["due_on"] is None
    assert (shown["title"], shown["description"]) == ("m", "why")
    closed = api("PATCH", f"{MILESTONES}/{number}", {"state": "closed"}).json()
    assert (closed["state"], closed["closed_at"]) == ("closed", "2026-10-05T09:00:00Z")


def test_deleting_keeps_the_issues_and_never_reuses_the_number(site: GitHubSandbox, api: Api) -> None:
    number = site.create_milestone("acme/web", "m")
    issue = site.create_issue("acme/web", "i", milestone=number)
    assert api("DELETE", f"{MILESTONES}/{number}").status_code == 204
    assert api("GET", f"{MILESTONES}/{number}").status_code == 404
    assert site.issue("acme/web", issue)["milestone"] is None
    assert site.create_milestone("acme/web", "m") == number + 1


def test_descriptions_keep_html_comments(client: Github) -> None:
    text = "Why.\n\n<!-- okrsync:acme:2026-Q4:instant-signup -->"
    made = client.get_repo("acme/web").create_milestone("m", description=text)
    assert client.get_repo("acme/web").get_milestone(made.number).description == text
