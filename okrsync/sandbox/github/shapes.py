"""How accounts, repositories, milestones, issues, labels and comments look in REST answers.

Every URL carries the host that the client asked, since PyGithub refuses any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from okrsync.sandbox.github.issue_fields import value_shapes
from okrsync.sandbox.github.state import (
    Account,
    Comment,
    GitHubState,
    Issue,
    Label,
    Milestone,
    Repository,
    node_id,
    stamp,
)

ACCOUNT_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
REPOSITORY_LINKS = {
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}
NO_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


@dataclass
class Shapes:
    """Draws REST answers; `api` is the root of the API as the client named it, `web` that of the pages for people.

    One is made for a request: it remembers counts and accounts so that a page of issues costs one pass.
    """

    state: GitHubState
    api: str
    web: str
    _counts: dict[int, dict[int, tuple[int, int]]] = field(default_factory=dict)
    _comments: dict[int, dict[int, int]] = field(default_factory=dict)
    _accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    _milestones: dict[int, dict[str, Any]] = field(default_factory=dict)

    def repository_url(self, repository: Repository) -> str:
        """Where the repository is in the API."""
        return f"{self.api}/repos/{repository.full_name}"

    def account(self, login: str) -> dict[str, Any]:
        """A person or organisation as others show it; one that is gone is GitHub's ghost."""
        if login not in self._accounts:
            found = self.state.account(login) or self.state.accounts["ghost"]
            self._accounts[login] = self._account(found)
        return self._accounts[login]

    def _account(self, account: Account) -> dict[str, Any]:
        url = f"{self.api}/users/{account.login}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": node_id("O" if account.kind == "Organization" else "U", account.id),
            "avatar_url": f"{self.web}/avatars/u/{account.id}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.web}/{account.login}",
            **{name: url + path for name, path in ACCOUNT_LINKS.items()},
            "type": account.kind,
            "user_view_type": "public",
            "site_admin": False,
        }

    def own_account(self, account: Account) -> dict[str, Any]:
        """An account as its owner sees it."""
        return {
            **self._account(account),
            "name": account.name,
            "company": None,
            "blog": "",
            "location": None,
            "email": None,
            "hireable": None,
            "bio": None,
            "twitter_username": None,
            "notification_email": None,
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": stamp(account.created_at),
            "updated_at": stamp(account.created_at),
            "private_gists": 0,
            "total_private_repos": 0,
            "owned_private_repos": 0,
            "disk_usage": 0,
            "collaborators": 0,
            "two_factor_authentication": True,
        }

    def repository(self, repository: Repository, permissions: dict[str, bool]) -> dict[str, Any]:
        """A repository as lists show it."""
        url, page = self.repository_url(repository), f"{self.web}/{repository.full_name}"
        open_issues = sum(issue.state == "open" for issue in repository.issues.values())
        return {
            "id": repository.id,
            "node_id": node_id("R", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "private": repository.private,
            "owner": self.account(repository.owner),
            "html_url": page,
            "description": repository.description,
            "fork": False,
            "url": url,
            **{name: url + path for name, path in REPOSITORY_LINKS.items()},
            "created_at": stamp(repository.created_at),
            "updated_at": stamp(repository.updated_at),
            "pushed_at": stamp(repository.created_at),
            "git_url": page.replace("http", "git", 1) + ".git",
            "ssh_url": f"git@sandbox:{repository.full_name}.git",
            "clone_url": f"{page}.git",
            "svn_url": page,
            "homepage": None,
            "size": 0,
            "stargazers_count": 0,
            "watchers_count": 0,
            "language": None,
            "has_issues": repository.has_issues,
            "has_projects": True,
            "has_downloads": True,
            "has_wiki": False,
            "has_pages": False,
            "has_discussions": False,
            "forks_count": 0,
            "mirror_url": None,
            "archived": repository.archived,
            "disabled": False,
            "open_issues_count": open_issues,
            "license": None,
            "allow_forking": True,
            "is_template": False,
            "web_commit_signoff_required": False,
            "topics": [],
            "visibility": "private" if repository.private else "public",
            "forks": 0,
            "open_issues": open_issues,
            "watchers": 0,
            "default_branch": "main",
            "permissions": permissions,
        }

    def whole_repository(self, repository: Repository, permissions: dict[str, bool]) -> dict[str, Any]:
        """A repository asked for by itself."""
        return {**self.repository(repository, permissions), "network_count": 0, "subscribers_count": 0}

    def label(self, repository: Repository, label: Label) -> dict[str, Any]:
        """A label."""
        return {
            "id": label.id,
            "node_id": node_id("LA", label.id),
            "url": f"{self.repository_url(repository)}/labels/{quote(label.name, safe='')}",
            "name": label.name,
            "color": label.color,
            "default": False,
            "description": label.description,
        }

    def milestone(self, repository: Repository, milestone: Milestone) -> dict[str, Any]:
        """A milestone with its counts, which count pull requests too."""
        if milestone.id not in self._milestones:
            if repository.id not in self._counts:
                self._counts[repository.id] = repository.milestone_counts()
            open_issues, closed_issues = self._counts[repository.id][milestone.number]
            url = f"{self.repository_url(repository)}/milestones/{milestone.number}"
            self._milestones[milestone.id] = {
                "url": url,
                "html_url": f"{self.web}/{repository.full_name}/milestone/{milestone.number}",
                "labels_url": f"{url}/labels",
                "id": milestone.id,
                "node_id": node_id("MI", milestone.id),
                "number": milestone.number,
                "title": milestone.title,
                "description": milestone.description,
                "creator": self.account(milestone.creator),
                "open_issues": open_issues,
                "closed_issues": closed_issues,
                "state": milestone.state,
                "created_at": stamp(milestone.created_at),
                "updated_at": stamp(milestone.updated_at),
                "due_on": stamp(milestone.due_on) if milestone.due_on else None,
                "closed_at": stamp(milestone.closed_at) if milestone.closed_at else None,
            }
        return self._milestones[milestone.id]

    def issue(self, repository: Repository, issue: Issue, *, alone: bool = False) -> dict[str, Any]:
        """An issue or pull request; `closed_by` only where it is asked for `alone`."""
        root = self.repository_url(repository)
        url = f"{root}/issues/{issue.number}"
        if repository.id not in self._comments:
            self._comments[repository.id] = repository.comment_counts()
        milestone = repository.milestones[issue.milestone] if issue.milestone is not None else None
        assignees = [self.account(login) for login in issue.assignees]
        kind = "pull" if issue.pull_request else "issues"
        shown: dict[str, Any] = {
            "url": url,
            "repository_url": root,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": f"{self.web}/{repository.full_name}/{kind}/{issue.number}",
            "id": issue.id,
            "node_id": node_id("PR" if issue.pull_request else "I", issue.id),
            "number": issue.number,
            "title": issue.title,
            "user": self.account(issue.author),
            "labels": [self.label(repository, label) for label in repository.labels_of(issue)],
            "state": issue.state,
            "locked": False,
            "assignee": assignees[0] if assignees else None,
            "assignees": assignees,
            "milestone": self.milestone(repository, milestone) if milestone else None,
            "comments": self._comments[repository.id].get(issue.number, 0),
            "created_at": stamp(issue.created_at),
            "updated_at": stamp(issue.updated_at),
            "closed_at": stamp(issue.closed_at) if issue.closed_at else None,
            "author_association": self._association(repository, issue.author),
            "active_lock_reason": None,
            "body": issue.body,
            "reactions": self._reactions(url),
            "timeline_url": f"{url}/timeline",
            "performed_via_github_app": None,
            "state_reason": issue.state_reason,
        }
        if issue.pull_request:
            shown |= self._pull_request(repository, issue)
        else:
            shown |= self._hierarchy(issue)
            values = value_shapes(self.state, repository, issue)
            shown |= {} if values is None else {"issue_field_values": values}
        if alone:
            shown["closed_by"] = self.account(issue.closed_by) if issue.closed_by else None
        return shown

    def _pull_request(self, repository: Repository, issue: Issue) -> dict[str, Any]:
        page = f"{self.web}/{repository.full_name}/pull/{issue.number}"
        links = {
            "url": f"{self.repository_url(repository)}/pulls/{issue.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": stamp(issue.merged_at) if issue.merged_at else None,
        }
        return {"draft": False, "pull_request": links}

    def _hierarchy(self, issue: Issue) -> dict[str, Any]:
        total, completed = sub_issue_counts(self.state, issue)
        shown: dict[str, Any] = {
            "sub_issues_summary": {
                "total": total,
                "completed": completed,
                "percent_completed": completed * 100 // total if total else 0,
            },
            "issue_dependencies_summary": dict.fromkeys(
                ("blocked_by", "total_blocked_by", "blocking", "total_blocking"), 0
            ),
        }
        parent = self.state.issue_by_id(issue.parent) if issue.parent is not None else None
        if parent:
            shown["parent_issue_url"] = f"{self.repository_url(parent[0])}/issues/{parent[1].number}"
        return shown

    def comment(self, repository: Repository, comment: Comment) -> dict[str, Any]:
        """A comment below an issue."""
        root = self.repository_url(repository)
        url = f"{root}/issues/comments/{comment.id}"
        return {
            "url": url,
            "html_url": f"{self.web}/{repository.full_name}/issues/{comment.issue}#issuecomment-{comment.id}",
            "issue_url": f"{root}/issues/{comment.issue}",
            "id": comment.id,
            "node_id": node_id("IC", comment.id),
            "user": self.account(comment.author),
            "created_at": stamp(comment.created_at),
            "updated_at": stamp(comment.updated_at),
            "body": comment.body,
            "author_association": self._association(repository, comment.author),
            "reactions": self._reactions(url),
            "performed_via_github_app": None,
        }

    def _association(self, repository: Repository, login: str) -> str:
        if login.casefold() == repository.owner.casefold():
            return "OWNER"
        return "MEMBER" if login in repository.roles else "NONE"

    def _reactions(self, url: str) -> dict[str, Any]:
        return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(NO_REACTIONS, 0)}


def sub_issue_counts(state: GitHubState, issue: Issue) -> tuple[int, int]:
    """How many sub-issues an issue has, and how many of them are closed."""
    children = [found[1] for child in issue.sub_issues if (found := state.issue_by_id(child))]
    return len(children), sum(child.state == "closed" for child in children)
