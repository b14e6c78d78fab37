"""A Jira sandbox with pages: all issues, and one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from okrsync.sandbox.jira import JiraSandbox
from okrsync.sandbox.jira.hands import IssueView
from okrsync.sandbox.jira.model import NUMBER
from okrsync.sandbox.pages.browsable import Browsable, moment, number, written
from okrsync.sandbox.pages.page import Input, Link, Page, Section

_ISSUE = re.compile(r"/browse/(?P<key>[A-Z][A-Z0-9_]*-[0-9]+)")


class JiraWithPages(Browsable, JiraSandbox):
    """A Jira site with a page for each issue, at `/browse/KEY`."""

    @property
    def title(self) -> str:  # type: ignore[override]  # the base declares a plain attribute
        """What kind of Jira it is."""
        return "Jira Cloud" if self.store.cloud else "Jira Data Center"

    def page(self, path: str) -> Page | None:
        """The list of issues, or one issue."""
        if path == "/":
            return Page("All issues", sections=tuple(self._projects()))
        issue = self._at(path)
        return self._issue_page(issue) if issue else None

    def change(self, path: str, form: Mapping[str, str]) -> None:
        """Change summary, number fields and status, whatever of it is another than before."""
        issue = self._at(path)
        if issue is None:
            raise ValueError("there is no such issue")
        fields: dict[str, Any] = {}
        if form.get("Summary", issue.summary) != issue.summary:
            fields["summary"] = form["Summary"]
        for name in self._number_fields(issue):
            if name in form and (value := number(form[name], name)) != issue.fields.get(name):
                fields[name] = value
        if fields:
            self.edit(issue.key, **fields)
        if form.get("Status", issue.status) != issue.status:
            self.transition(issue.key, form["Status"])

    def _at(self, path: str) -> IssueView | None:
        found = _ISSUE.fullmatch(path)
        return next((each for each in self.issues() if found and each.key == found["key"]), None)

    def _projects(self) -> list[Section]:
        projects = list(self.store.state.projects.values())
        return [Section(project.name, tuple(_row(issue) for issue in self.issues(project.key))) for project in projects]

    def _number_fields(self, issue: IssueView) -> list[str]:
        numbers = {field.name for field in self.store.state.fields.values() if field.custom == NUMBER}
        return [name for name in issue.fields if name in numbers]

    def _issue_page(self, issue: IssueView) -> Page:
        facts: list[tuple[str, str | Link]] = [("Labels", " ".join(issue.labels))]
        facts += [("Parent", Link(issue.parent, f"/browse/{issue.parent}"))] if issue.parent else []
        facts += [("Due", issue.duedate.isoformat())] if issue.duedate else []
        statuses = tuple(status.name for status in self.store.state.statuses.values())
        inputs = [Input("Summary", issue.summary, wide=True), Input("Status", issue.status, statuses)]
        inputs += [Input(name, written(issue.fields[name])) for name in self._number_fields(issue)]
        return Page(
            f"{issue.key} {issue.summary}",
            f"{issue.type} in {issue.project}",
            tuple(facts),
            tuple(inputs),
            issue.description,
            (
                Section("Below it", tuple(_row(each) for each in self.issues() if each.parent == issue.key)),
                Section("Links", tuple(_link_row(each) for each in issue.links)),
                Section(
                    "Comments",
                    tuple((each.author, moment(each.created), each.text) for each in issue.comments),
                    short=2,
                ),
            ),
        )


def _row(issue: IssueView) -> tuple[str | Link, ...]:
    return Link(issue.key, f"/browse/{issue.key}"), issue.type, issue.summary, issue.status


def _link_row(words: str) -> tuple[str | Link, ...]:
    how, _, key = words.rpartition(" ")
    return how, Link(key, f"/browse/{key}")
