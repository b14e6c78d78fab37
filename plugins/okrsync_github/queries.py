"""The GraphQL documents that okrsync sends, for Projects v2 boards and for queries over many issues.

Field names and inputs travel as variables; only the number of aliases differs between the documents of one kind.
`SAMPLES` holds one document of each kind, for checking them against GitHub's published schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OwnerKind = Literal["organization", "user"]
ListKind = Literal["issues", "pullRequests"]

_FIELDS = """
      fields(first: 100) {
        nodes { ... on ProjectV2FieldCommon { id name dataType } }
      }"""

_VALUE = """{
              ... on ProjectV2ItemFieldNumberValue { number }
              ... on ProjectV2ItemFieldTextValue { text }
              ... on ProjectV2ItemFieldDateValue { date }
              ... on ProjectV2ItemFieldSingleSelectValue { name }
            }"""


def board_fields(owner: OwnerKind) -> str:
    """The board with its fields. Variables: `login`, `number`."""
    return f"""query Board($login: String!, $number: Int!) {{
  {owner}(login: $login) {{
    projectV2(number: $number) {{
      id
      title{_FIELDS}
    }}
  }}
}}"""


def board_items(owner: OwnerKind, wanted: int) -> str:
    """A page of 100 items with the values of `wanted` fields. Variables: `login`, `number`, `after`, `f0`, `f1`, …"""
    return f"""query BoardItems($login: String!, $number: Int!, $after: String{_name_variables(wanted)}) {{
  {owner}(login: $login) {{
    projectV2(number: $number) {{
      id
      title{_FIELDS}
      items(first: 100, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          id
          content {{
            ... on Issue {{ id number repository {{ nameWithOwner }} }}
            ... on PullRequest {{ id number repository {{ nameWithOwner }} }}
          }}{_values(wanted)}
        }}
      }}
    }}
  }}
}}"""


def issue_on_boards(wanted: int) -> str:
    """An issue's places on boards. Variables: `owner`, `repository`, `number`, `f0`, `f1`, …"""
    return f"""query IssueOnBoards($owner: String!, $repository: String!, $number: Int!{_name_variables(wanted)}) {{
  repository(owner: $owner, name: $repository) {{
    issue(number: $number) {{
      id
      projectItems(first: 100) {{
        nodes {{
          id
          project {{ id }}{_values(wanted)}
        }}
      }}
    }}
  }}
}}"""


_ROW = """
        number
        url
        state
        locked
        createdAt
        updatedAt
        closedAt
        author { __typename login }
        assignees(first: 20) { nodes { login } }
        labels(first: 100) { nodes { name } }
        milestone { number title }
        comments(first: 1) { totalCount }"""

_ROWS: dict[ListKind, str] = {
    "issues": f"{_ROW}\n        body\n        stateReason(enableDuplicate: true)",
    "pullRequests": f"{_ROW}\n        isDraft\n        mergedAt",
}

_ARGUMENTS: dict[ListKind, str] = {
    "issues": "filterBy: $filters",
    "pullRequests": "states: $states, labels: $labels",
}

_FILTER_VARIABLES: dict[ListKind, str] = {
    "issues": ", $filters: IssueFilters!",
    "pullRequests": ", $states: [PullRequestState!], $labels: [String!]",
}


@dataclass(frozen=True)
class Listed:
    """Which list of issues, or of pull requests, GraphQL is asked for.

    Variables of all of them: `first`, `after`. Of issues: `filters`; with `ends`, also `oldest`, which holds the same
    filters. Of pull requests: `states`, `labels`. Those inside something: `inside`, a label's name or a milestone's
    number.
    """

    kind: ListKind = "issues"
    inside: Literal["label", "milestone"] | None = None
    ends: bool = False
    """Whether the times of the hundred that were created first are asked for, too; of issues alone."""

    @property
    def variables(self) -> str:
        """How a document declares them."""
        oldest = ", $oldest: IssueFilters!" if self.ends else ""
        return f", $first: Int!, $after: String{_FILTER_VARIABLES[self.kind]}{oldest}{self._inside_variable}"

    @property
    def _inside_variable(self) -> str:
        return {"label": ", $inside: String!", "milestone": ", $inside: Int!", None: ""}[self.inside]

    @property
    def selection(self) -> str:
        """What is asked of a repository: the page behind a cursor, newest first."""
        text = f"""
    newest: {self.kind}(
      first: $first, after: $after, {_ARGUMENTS[self.kind]}, orderBy: {{ field: CREATED_AT, direction: DESC }}
    ) {{
      totalCount
      pageInfo {{ hasNextPage endCursor }}
      nodes {{{_ROWS[self.kind]}
      }}
    }}"""
        if self.ends:
            text += """
    oldest: issues(first: 100, filterBy: $oldest, orderBy: { field: CREATED_AT, direction: ASC }) {
      nodes { createdAt }
    }"""
        if self.inside is None:
            return text
        argument = "name" if self.inside == "label" else "number"
        return f"\n    inside: {self.inside}({argument}: $inside) {{{text}\n    }}"


def issues_in_all(labels: int, *, milestone: bool, listed: Listed | None = None) -> str:
    """How many issues a repository has, and what some names stand for there now.

    With `listed` also the first page of that list, and how long it is.

    Variables: `owner`, `repository`, `milestone` (a number) where one is asked for, `l0`, `l1`, …; those of the list.
    """
    variables = "".join(f", $l{at}: String!" for at in range(labels)) + (", $milestone: Int!" if milestone else "")
    variables += listed.variables if listed else ""
    lines = "".join(f"\n    l{at}: label(name: $l{at}) {{ id }}" for at in range(labels))
    lines += "\n    milestone(number: $milestone) { title }" if milestone else ""
    lines += listed.selection if listed else ""
    return f"""query IssuesInAll($owner: String!, $repository: String!{variables}) {{
  repository(owner: $owner, name: $repository) {{
    issues(first: 1, orderBy: {{ field: CREATED_AT, direction: DESC }}) {{
      totalCount
      nodes {{ number }}
    }}{lines}
  }}
}}"""


def more_issues(listed: Listed) -> str:
    """A later page of a list. Variables: `owner`, `repository` and those of the list."""
    return f"""query MoreIssues($owner: String!, $repository: String!{listed.variables}) {{
  repository(owner: $owner, name: $repository) {{{listed.selection}
  }}
}}"""


def add_items(count: int) -> str:
    """Put `count` issues on a board; one that is there already keeps its item. Variables: `i0`, `i1`, …"""
    return _mutations(count, "AddProjectV2ItemByIdInput", "addProjectV2ItemById", "item { id }")


def set_values(count: int) -> str:
    """Write `count` field values. Variables: `i0`, `i1`, …"""
    return _mutations(
        count, "UpdateProjectV2ItemFieldValueInput", "updateProjectV2ItemFieldValue", "projectV2Item { id }"
    )


def clear_values(count: int) -> str:
    """Empty `count` fields. Variables: `i0`, `i1`, …"""
    return _mutations(
        count, "ClearProjectV2ItemFieldValueInput", "clearProjectV2ItemFieldValue", "projectV2Item { id }"
    )


def _mutations(count: int, kind: str, name: str, answer: str) -> str:
    variables = ", ".join(f"$i{at}: {kind}!" for at in range(count))
    lines = "\n".join(f"  m{at}: {name}(input: $i{at}) {{ {answer} }}" for at in range(count))
    return f"mutation Write({variables}) {{\n{lines}\n}}"


def _name_variables(wanted: int) -> str:
    return "".join(f", $f{at}: String!" for at in range(wanted))


def _values(wanted: int) -> str:
    return "".join(f"\n          f{at}: fieldValueByName(name: $f{at}) {_VALUE}" for at in range(wanted))


SAMPLES: dict[str, str] = {
    "the fields of an organisation's board": board_fields("organization"),
    "the fields of a person's board": board_fields("user"),
    "the items of an organisation's board": board_items("organization", 2),
    "the items of a person's board": board_items("user", 1),
    "an issue's places on boards": issue_on_boards(2),
    "how many issues there are": issues_in_all(0, milestone=False),
    "how many issues there are, and what names stand for": issues_in_all(2, milestone=True),
    "how many issues there are, and the newest of some": issues_in_all(0, milestone=False, listed=Listed()),
    "the newest issues of a label and the times of the oldest": issues_in_all(
        1, milestone=True, listed=Listed(inside="label", ends=True)
    ),
    "the newest pull requests of a milestone": issues_in_all(
        1, milestone=True, listed=Listed("pullRequests", "milestone")
    ),
    "more issues": more_issues(Listed()),
    "more pull requests of a label": more_issues(Listed("pullRequests", "label")),
    "putting issues on a board": add_items(2),
    "writing values": set_values(3),
    "emptying values": clear_values(1),
}
