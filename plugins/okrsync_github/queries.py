"""The GraphQL documents that okrsync sends, for Projects v2 boards and for queries over many issues.

Field names and inputs travel as variables; only the number of aliases differs between the documents of one kind.
`SAMPLES` holds one document of each kind, for checking them against GitHub's published schema.
"""

from __future__ import annotations

from typing import Literal

OwnerKind = Literal["organization", "user"]

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


_NEWEST = """
    newest: issues(last: 100, orderBy: { field: CREATED_AT, direction: ASC }, filterBy: $filters) {
      totalCount
      nodes {
        number
        url
        state
        stateReason(enableDuplicate: true)
        body
        locked
        createdAt
        updatedAt
        closedAt
        author { __typename login }
        assignees(first: 20) { nodes { login } }
        labels(first: 100) { nodes { name } }
        milestone { number title }
        comments(first: 1) { totalCount }
      }
    }"""


def issues_in_all(labels: int, *, milestone: bool, newest: bool = False) -> str:
    """How many issues a repository has, and what some names stand for there now.

    With `newest` the hundred that were created last of those that pass some filters, and how many do.

    Variables: `owner`, `repository`, `milestone` (a number) where one is asked for, `l0`, `l1`, …; `filters` for the
    newest.
    """
    variables = "".join(f", $l{at}: String!" for at in range(labels)) + (", $milestone: Int!" if milestone else "")
    variables += ", $filters: IssueFilters!" if newest else ""
    lines = "".join(f"\n    l{at}: label(name: $l{at}) {{ id }}" for at in range(labels))
    lines += "\n    milestone(number: $milestone) { title }" if milestone else ""
    lines += _NEWEST if newest else ""
    return f"""query IssuesInAll($owner: String!, $repository: String!{variables}) {{
  repository(owner: $owner, name: $repository) {{
    issues(first: 1, orderBy: {{ field: CREATED_AT, direction: DESC }}) {{
      totalCount
      nodes {{ number }}
    }}{lines}
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
    "how many issues there are, and the newest of some": issues_in_all(0, milestone=False, newest=True),
    "putting issues on a board": add_items(2),
    "writing values": set_values(3),
    "emptying values": clear_values(1),
}
