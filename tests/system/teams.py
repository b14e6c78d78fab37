"""A team on a ground that has been working without okrsync."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.system.grounds import GitHub, Ground, JiraGround

TEXT = "What people wrote about it.\n\n- with a list\n\nAnd  spaces. "


class Team:
    """A team that has been working without okrsync."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    @property
    def query(self) -> str:
        project = self.ground.project()
        return f"project = {project} AND issuetype = Epic" if isinstance(self.ground, JiraGround) else project

    def epic(self, title: str, due: date | None = date(2026, 12, 15)) -> Any:
        if isinstance(self.ground, JiraGround):
            return self.ground.site.create_issue(
                self.ground.project(), "Epic", title, description=TEXT, duedate=due.isoformat() if due else None
            )
        assert isinstance(self.ground, GitHub)
        return self.ground.site.create_milestone(self.ground.project(), title, description=TEXT, due_on=due)

    def key_result(self, epic: Any, title: str, **numbers: float) -> Any:
        if isinstance(self.ground, JiraGround):
            site = self.ground.site
            key = site.create_issue(self.ground.project(), "Task", title, parent=epic, description=TEXT)
            site.edit(key, **{f"KR {name}": value for name, value in numbers.items()})
            return key
        assert isinstance(self.ground, GitHub)
        site, project = self.ground.site, self.ground.project()
        number = site.create_issue(project, title, milestone=epic, labels=["key-result"], body=TEXT)
        for name, value in numbers.items():
            site.set_project_number("acme", self.ground.board, project, number, f"KR {name}", value)
        return number

    def work(self, epic: Any) -> None:
        if isinstance(self.ground, JiraGround):
            self.ground.site.create_issue(self.ground.project(), "Story", "Some work", parent=epic)
        else:
            assert isinstance(self.ground, GitHub)
            self.ground.site.create_issue(self.ground.project(), "Some work", milestone=epic)

    def description(self, epic: Any) -> str:
        if isinstance(self.ground, JiraGround):
            return str(self.ground.site.issue(epic).description)
        assert isinstance(self.ground, GitHub)
        (found,) = [each for each in self.ground.site.milestones(self.ground.project()) if each["number"] == epic]
        return str(found["description"])
