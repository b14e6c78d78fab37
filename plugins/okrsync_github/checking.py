"""What would make writes of a scope fail, found by reading alone."""

from __future__ import annotations

from okrsync.trackers.errors import AuthFailed, Misconfigured, NotFound
from okrsync.trackers.values import Scope
from okrsync_github.addresses import BoardName, repository_path
from okrsync_github.capabilities import CAPABILITIES
from okrsync_github.client import Client
from okrsync_github.errors import REPOSITORY_SCOPES, TokenRefused
from okrsync_github.issue_fields import IssueFields
from okrsync_github.items import Json
from okrsync_github.projects import Projects
from okrsync_github.reading import labels_of


def problems_of(scope: Scope, client: Client, projects: Projects, issue_fields: IssueFields) -> tuple[str, ...]:
    """Each problem in a sentence or two; none where all is well.

    A label that does not exist is no problem: GitHub makes it when the first issue carries it.
    """
    return (*_of_the_forms(scope), *_of_the_repository(scope, client), *_of_the_fields(scope, projects, issue_fields))


def _of_the_forms(scope: Scope) -> list[str]:
    problems = []
    if scope.objective_form not in CAPABILITIES.objective_forms:
        problems.append(
            f"{scope.project}: objectives as {scope.objective_form!r} do not exist on GitHub; use 'milestone'"
        )
    if scope.key_result_form not in CAPABILITIES.key_result_forms:
        problems.append(
            f"{scope.project}: key_results as {scope.key_result_form!r} do not work on GitHub, where milestones have no"
            " fields; use 'issues'"
        )
    problems.extend(
        f"{scope.project}: label {label!r} holds a comma, which GitHub takes for the end of a label; choose another"
        for label in labels_of(scope)
        if "," in label
    )
    return problems


def _of_the_repository(scope: Scope, client: Client) -> list[str]:
    try:
        repository = client.get(repository_path(scope.project), about=scope.project)
    except TokenRefused:
        raise
    except NotFound as error:
        return [] if _shows_milestones(scope, client) else [str(error)]
    except AuthFailed as error:
        return [str(error)]
    except Misconfigured as error:
        return list(error.problems)
    if not isinstance(repository, dict):
        return []
    return [*_of_the_answer(scope.project, repository), *_of_the_scopes(scope, repository, client.token_scopes)]


def _shows_milestones(scope: Scope, client: Client) -> bool:
    """Whether the repository is there all the same: a token may see what is in it and not the repository itself."""
    try:
        client.get(f"{repository_path(scope.project)}/milestones?per_page=1", about=scope.project)
    except NotFound:
        return False
    return True


def _of_the_answer(project: str, repository: Json) -> list[str]:
    problems = []
    if repository.get("has_issues") is False:
        problems.append(f"{project}: issues are switched off; switch them on in the repository's settings")
    if repository.get("archived"):
        problems.append(f"{project} is archived and cannot be written to; unarchive it, or choose another repository")
    permissions = repository.get("permissions")
    if isinstance(permissions, dict) and permissions.get("push") is False:
        problems.append(
            f"{project}: the token's owner may not write there, and GitHub would drop milestones and labels without a"
            f" word; {REPOSITORY_SCOPES}"
        )
    return problems


def _of_the_scopes(scope: Scope, repository: Json, granted: frozenset[str] | None) -> list[str]:
    """What a classic token lacks. Of a fine-grained one GitHub does not tell what it may do."""
    if granted is None:
        return []
    has = ", ".join(sorted(granted)) or "none"
    problems = []
    if "repo" not in granted and (repository.get("private") or "public_repo" not in granted):
        problems.append(f"{scope.project}: the token lacks the scope repo, which writing takes (it has: {has})")
    if scope.board and scope.fields and "project" not in granted:
        problems.append(f"board {scope.board}: the token lacks the scope project, which writing takes (it has: {has})")
    return problems


def _of_the_fields(scope: Scope, projects: Projects, issue_fields: IssueFields) -> list[str]:
    """What is wrong with the fields: each is one of the board, or an issue field of the organisation."""
    if not scope.fields:
        return []
    try:
        board = projects.board(BoardName.parse(scope.board)) if scope.board else None
        problems: list[str | None] = []
        for name in scope.fields:
            if board is not None and board.has(name):
                problems += board.problems_with([name])
            else:
                problems.append(issue_fields.problem_with(scope.project, name, board))
        return [each for each in problems if each]
    except TokenRefused:
        raise
    except (NotFound, AuthFailed) as error:
        return [str(error)]
    except Misconfigured as error:
        return list(error.problems)
