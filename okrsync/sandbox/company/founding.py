"""What stands in the sites before anybody works there: projects, repositories, boards and their number fields."""

from __future__ import annotations

from okrsync.sandbox.clock import SandboxClock
from okrsync.sandbox.github import GitHubSandbox
from okrsync.sandbox.jira import JiraSandbox
from okrsync.sandbox.pages import GitHubWithPages, JiraWithPages

KR_FIELDS = ("KR baseline", "KR target", "KR current", "OKR progress")
"""The number fields that a mapping usually names."""

PROJECT, REPOSITORY, BOARD = "DEMO", "demo/demo", "demo/1"
"""What an empty Jira site and an empty GitHub have, ready for OKRs."""

MEMBERS = ("dana", "li", "mei", "noor", "omar", "robin", "sam")
"""Who works at the company; whoever else comments on GitHub is an outsider."""


def jira(*, data_center: bool, clock: SandboxClock | None = None) -> JiraSandbox:
    """A Jira site without projects."""
    return JiraWithPages(flavour="data-center" if data_center else "cloud", clock=clock)


def github(clock: SandboxClock | None = None) -> GitHubSandbox:
    """A GitHub without repositories."""
    return GitHubWithPages(clock=clock)


def furnish_jira(site: JiraSandbox) -> None:
    """One project, with the usual number fields on every screen."""
    site.add_project(PROJECT, "Demo")
    for name in KR_FIELDS:
        site.add_number_field(name)


def furnish_github(site: GitHubSandbox) -> None:
    """One repository, and a Projects board with the usual number fields."""
    owner, _, number = BOARD.rpartition("/")
    site.add_organization(owner)
    site.add_repository(REPOSITORY)
    if site.add_project(owner, "OKRs") != int(number):
        raise ValueError(f"{owner} has boards already")
    for name in KR_FIELDS:
        site.add_number_field(BOARD, name)


def found_jira_cloud(site: JiraSandbox) -> None:
    """The company's Jira Cloud: goals, product and platform; an issue that shows how available the API is."""
    for key, name in (("ACME", "Company goals"), ("PROD", "Product"), ("PLAT", "Platform")):
        site.add_project(key, name)
    for name in KR_FIELDS:
        site.add_number_field(name)
    site.add_number_field("Availability", ["PLAT"], ["Task"])
    site.create_issue("PLAT", "Task", "API availability, last 30 days", Availability=99.95)


def found_jira_data_center(site: JiraSandbox) -> None:
    """The people department's Jira: an epic has a field for each of its key results."""
    site.add_project("PPL", "People")
    for name in ("Recruitment cycle", "Employer rating", "Referral hires"):
        site.add_number_field(name, ["PPL"], ["Epic"])
    site.add_number_field("Turnover", ["PPL"], ["Task"])
    site.create_issue("PPL", "Task", "Staff turnover, last twelve months", Turnover=8.4)


def found_github(site: GitHubSandbox) -> None:
    """The company's GitHub: two repositories, and one Projects board with number fields for both."""
    site.add_organization("acme")
    site.add_repository("acme/web", description="The site")
    site.add_repository("acme/mobile", description="The apps")
    for login in MEMBERS:
        site.add_user(login)
        for repository in ("acme/web", "acme/mobile"):
            site.set_role(repository, login, "write")
    board = f"acme/{site.add_project('acme', 'OKRs')}"
    for name in (*KR_FIELDS, "Orders"):
        site.add_number_field(board, name)
    number = site.create_issue("acme/web", "Visits that end with an order", body="Kept by the weekly report.")
    site.set_project_number("acme", 1, "acme/web", number, "Orders", 5.3)
