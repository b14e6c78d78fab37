"""The people of the demo company: what they do in the trackers in the six weeks after the first sync.

They find items as people do, by looking for them: an item is known by the marker that it carries.  Values stand in
`FIGURES`, what else happens in the weeks of `Staff`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from okrsync.domain.cycle import Cycle
from okrsync.domain.ref import Marker, Ref
from okrsync.sandbox.company.planning import WORKSPACE
from okrsync.sandbox.company.premises import Premises
from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.jira import JiraSandbox

WEEKS = 6
"""How long they work."""

CURRENT = "KR current"
Figures = Mapping[str, tuple[float | None, ...]]

JIRA_FIGURES: Figures = {
    "delight-users/nps": (41, 42, 44, 45, 47, 49),
    "delight-users/daily-users": (1, 2, 4, 5, 7, 8),
    "delight-users/rating": (4.2, 4.2, 4.3, 4.3, 4.4, 4.4),
    "east-china/seed-customers": (0, 0, 1, 1, 2, 3),
    "east-china/outlets": (0, 0, 0, 1, 1, 1),
    "east-china/launch-event": (None, None, None, None, 12, 20),
    "loved-app/retention": (20.4, 21.2, 22.5, 23.6, 25.1, 26.3),
    "loved-app/severe-bugs": (2, -1, -3, -4, -6, -8),
    "instant-signup/p95": (3.9, 3.6, 3.1, 2.8, 2.5, 2.3),
    "instant-signup/failed-signups": (1.6, 1.4, 1.1, 0.9, 0.8, 0.8),
    "instant-signup/no-password": (0, 0, 0, 0, 1, 1),
}
"""What is entered week by week in the issue of a key result; None where nobody enters anything."""

EPIC_FIGURES: Mapping[str, Figures] = {
    "talent": {
        "Recruitment cycle": (45, 44, 43, 41, 40, 39),
        "Employer rating": (3.8, 3.8, 3.9, 3.9, 4.0, 4.0),
        "Referral hires": (22, 23, 25, 26, 28, 30),
    }
}
"""The same in fields of an epic."""

GITHUB_FIGURES: Figures = {
    "first-visit/paint": (4.1, 3.9, 3.6, 3.5, 3.4, 3.2),
    "first-visit/found-it": (None, 55, None, 56, None, 57),
    "works-offline/crash-free": (97.9, 98.0, 98.1, 98.3, 98.4, 98.6),
    "works-offline/cold-start": (3.2, 3.1, 3.0, 2.8, 2.7, 2.6),
    "works-offline/offline-share": (10, 10, 11, 12, 12, 14),
}
"""The same in an item of the Projects board."""

SURVEY = "first-visit/found-it"
"""Measured by hand: who enters it says so in a comment too."""

NOTES = (
    "h3. Notes of the recruiting round\n\n* Ask new colleagues what nearly kept them away.\n* Talk first, test later."
)
NEW_EPIC_TITLE = "App 2.0: stickier!!"
NEW_MILESTONE_TITLE = "Make the first visit to our site a pleasure, on every phone"


@dataclass(frozen=True)
class Event:
    """What somebody did that is worth telling."""

    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.who} {self.what}"


class Staff:
    """The people, at work in the company's trackers."""

    def __init__(self, premises: Premises, cycle: Cycle) -> None:
        self.product: JiraSandbox = premises.jira_cloud
        self.house: JiraSandbox = premises.jira_dc
        self.code: GitHubSandbox = premises.github
        self.cycle = cycle

    def work(self, week: int) -> list[Event]:
        """Do the work of a week (from 1 to `WEEKS`); what happened."""
        happened = (self._first, self._second, self._third, self._fourth, self._fifth, self._sixth)[week - 1]()
        self._enter_figures(week - 1)
        return happened

    def _first(self) -> list[Event]:
        for title in ("Offline reading", "Dark mode", "Search across all notes"):
            self._add_story("loved-app", title, "mei")
        for title in ("New service", "Move new users", "Move guest users", "Move partners", "Switch the old one off"):
            self._add_story("instant-signup", title, "dana")
        for title in ("Menu cannot be reached by keyboard", "Images without words", "Contrast of the footer"):
            self._open_issue("first-visit", title)
        return [
            Event("mei", "and dana plan stories below their epics in Jira"),
            Event("sam", "opens issues in the milestone on GitHub for what the audit found"),
        ]

    def _second(self) -> list[Event]:
        self._finish_story("New service", "dana")
        self._open_issue("first-visit", "Form errors are shown by colour alone")
        number = self._open_issue("first-visit", "Let the menu take the focus", pull_request=True)
        self.code.merge_pull_request("acme/web", number, by="sam")
        self._close_issue("Menu cannot be reached by keyboard")
        return [
            Event("dana", "finishes the new service"),
            Event("sam", "merges a pull request in the milestone, which closes an issue; only the issue counts"),
        ]

    def _third(self) -> list[Event]:
        self._finish_story("Move new users", "dana")
        epic = self._epic(self.product, "loved-app")
        self.product.edit(epic, author="mei", summary=NEW_EPIC_TITLE)
        return [Event("mei", f"renames the department's epic {epic} to “{NEW_EPIC_TITLE}”")]

    def _fourth(self) -> list[Event]:
        self._finish_story("Offline reading", "mei")
        epic = self._epic(self.house, "talent")
        description = self.house.issue(epic).description
        self.house.edit(epic, author="omar", description=f"{description}\n\n{NOTES}")
        return [Event("omar", f"writes notes into the description of {epic}, below okrsync's block")]

    def _fifth(self) -> list[Event]:
        milestone = self._milestone("acme/web", "first-visit")
        self.code.edit_milestone("acme/web", milestone, title=NEW_MILESTONE_TITLE, by="sam")
        self._close_issue("Images without words")
        return [
            Event("sam", "renames the milestone on GitHub; for the web team, documents and tracker decide together"),
            Event("dana", "says that signing up needs no password any more"),
        ]

    def _sixth(self) -> list[Event]:
        self._finish_story("Move guest users", "dana")
        self._open_issue("first-visit", "Videos without subtitles")
        return [Event("everybody", "enters the figures of the week")]

    def _enter_figures(self, week: int) -> None:
        for local, figures in JIRA_FIGURES.items():
            if figures[week] is not None:
                self._edit(self.product, self._epic(self.product, local), CURRENT, figures[week])
        for local, fields in EPIC_FIGURES.items():
            for name, figures in fields.items():
                self._edit(self.house, self._epic(self.house, local), name, figures[week])
        for local, figures in GITHUB_FIGURES.items():
            value = figures[week]
            if value is not None:
                repository = "acme/mobile" if local.startswith("works-offline/") else "acme/web"
                number = self._issue(repository, local)
                self.code.set_project_number("acme", 1, repository, number, CURRENT, float(value))
                if local == SURVEY:
                    self.code.comment(repository, number, f"This week's survey says {value} %.", author="sam")

    @staticmethod
    def _edit(site: JiraSandbox, key: str, field: str, value: float | None) -> None:
        if site.issue(key).fields[field] != value:
            changes: dict[str, Any] = {field: value}
            site.edit(key, **changes)

    def _add_story(self, objective: str, title: str, author: str) -> None:
        epic = self._epic(self.product, objective)
        key = self.product.create_issue(epic.partition("-")[0], "Story", title, parent=epic)
        self.product.edit(key, author=author, assignee=author)

    def _finish_story(self, title: str, author: str) -> None:
        key = next(issue.key for issue in self.product.issues() if issue.summary == title)
        self.product.transition(key, "Done", author=author)

    def _open_issue(self, objective: str, title: str, *, pull_request: bool = False) -> int:
        milestone = self._milestone("acme/web", objective)
        return self.code.create_issue("acme/web", title, milestone=milestone, pull_request=pull_request, author="sam")

    def _close_issue(self, title: str) -> None:
        number = next(issue["number"] for issue in self.code.issues("acme/web") if issue["title"] == title)
        self.code.close_issue("acme/web", number, by="sam")

    def _marker(self, local: str) -> Marker:
        return Marker(WORKSPACE, Ref.parse(f"{self.cycle.name}/{local}"))

    def _epic(self, site: JiraSandbox, local: str) -> str:
        """The key of the epic, or of a key result's issue."""
        marker = str(self._marker(local))
        return next(issue.key for issue in site.issues() if marker in issue.labels)

    def _milestone(self, repository: str, local: str) -> int:
        return self._number(self.code.milestones(repository), "description", local)

    def _issue(self, repository: str, local: str) -> int:
        return self._number(self.code.issues(repository), "body", local)

    def _number(self, items: list[dict[str, Any]], text: str, local: str) -> int:
        marker = self._marker(local)
        return next(int(item["number"]) for item in items if marker in Marker.find_all(item[text] or ""))
