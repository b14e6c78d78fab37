"""A GitHub sandbox with pages: repositories, milestones, issues and the fields that boards hold of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.github.state import Issue, Milestone, Project, Repository
from okrsync.sandbox.pages.browsable import Browsable, moment, number, written
from okrsync.sandbox.pages.page import Input, Link, Page, Section

_PATH = re.compile(r"/(?P<repo>[\w.-]+/[\w.-]+)(?:/(?P<kind>issues|pull|milestone)/(?P<number>[1-9][0-9]*))?/?")
_STATES = ("open", "closed")


class GitHubWithPages(Browsable, GitHubSandbox):
    """A GitHub with a page for each repository, milestone and issue, where github.com has them."""

    title = "GitHub"

    def page(self, path: str) -> Page | None:
        """The list of repositories, one of them, a milestone or an issue."""
        if path == "/":
            repositories = self.hub.state.repositories.values()
            rows = tuple((Link(each.full_name, f"/{each.full_name}"), each.description or "") for each in repositories)
            return Page("All repositories", sections=(Section("Repositories", rows),))
        repository, item = self._at(path)
        if repository is None:
            return None
        if isinstance(item, Milestone):
            return _milestone_page(repository, item)
        if isinstance(item, Issue):
            return self._issue_page(repository, item)
        return _repository_page(repository)

    def change(self, path: str, form: Mapping[str, str]) -> None:
        """Change title, state and number fields, whatever of it is another than before."""
        repository, item = self._at(path)
        if repository is None or item is None:
            raise ValueError("there is nothing here to change")
        name = repository.full_name
        title, state = form.get("Title", item.title), form.get("State", item.state)
        if (title, state) != (item.title, item.state):
            edit = self.edit_milestone if isinstance(item, Milestone) else self.edit_issue
            edit(name, item.number, title=title, state=state)
        if isinstance(item, Issue):
            for board, field, value in self._numbers(item):
                if field in form and (entered := number(form[field], field)) != value:
                    self.set_project_number(board.owner, board.number, name, item.number, field, entered)

    def _at(self, path: str) -> tuple[Repository | None, Milestone | Issue | None]:
        found = _PATH.fullmatch(path)
        repository = self.hub.state.repository(found["repo"]) if found else None
        if not found or repository is None or not found["number"]:
            return repository, None
        items: Mapping[int, Milestone | Issue] = repository.issues
        if found["kind"] == "milestone":
            items = repository.milestones
        item = items.get(int(found["number"]))
        return (repository, item) if item else (None, None)

    def _numbers(self, issue: Issue) -> Iterator[tuple[Project, str, float | None]]:
        """The number fields of the boards that the issue is on, each with what it holds."""
        for board in self.hub.state.projects.values():
            item = board.item_for(issue.id)
            for field in board.fields.values() if item else ():
                held = item.values.get(field.id) if item else None
                if field.data_type == "NUMBER":
                    yield board, field.name, float(held.value) if held else None

    def _issue_page(self, repository: Repository, issue: Issue) -> Page:
        kind = "Pull request" if issue.pull_request else "Issue"
        facts: list[tuple[str, str | Link]] = []
        labels = [label.name for label in repository.labels_of(issue)]
        facts += [("Labels", " ".join(labels))] if labels else []
        if issue.milestone is not None:
            title = repository.milestones[issue.milestone].title
            facts.append(("Milestone", Link(title, f"/{repository.full_name}/milestone/{issue.milestone}")))
        inputs = [Input("Title", issue.title, wide=True), Input("State", issue.state, _STATES)]
        inputs += [Input(field, written(value)) for _, field, value in self._numbers(issue)]
        comments = tuple((each.author, moment(each.created_at), each.body) for each in repository.comments_of(issue))
        return Page(
            f"{issue.title} #{issue.number}",
            f"{kind} of {repository.full_name}",
            tuple(facts),
            tuple(inputs),
            issue.body or "",
            (Section("Comments", comments, short=2),),
        )


def _repository_page(repository: Repository) -> Page:
    milestones = tuple(
        (Link(each.title, f"/{repository.full_name}/milestone/{each.number}"), each.state)
        for each in repository.milestones.values()
    )
    issues = tuple(_row(repository, each) for each in repository.issues.values())
    return Page(
        repository.full_name,
        repository.description or "",
        sections=(Section("Milestones", milestones), Section("Issues and pull requests", issues)),
    )


def _milestone_page(repository: Repository, milestone: Milestone) -> Page:
    inside = [each for each in repository.issues.values() if each.milestone == milestone.number]
    facts = [("Due", milestone.due_on.date().isoformat())] if milestone.due_on else []
    return Page(
        milestone.title,
        f"Milestone {milestone.number} of {repository.full_name}",
        tuple(facts),
        (Input("Title", milestone.title, wide=True), Input("State", milestone.state, _STATES)),
        milestone.description or "",
        (Section("In it", tuple(_row(repository, each) for each in inside)),),
    )


def _row(repository: Repository, issue: Issue) -> tuple[str | Link, ...]:
    kind = "pull" if issue.pull_request else "issues"
    return Link(f"#{issue.number}", f"/{repository.full_name}/{kind}/{issue.number}"), issue.title, issue.state
