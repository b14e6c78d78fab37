"""An organisation's issue fields: what there are, and what issues hold in them. okrsync reads them and writes none.

`GET /orgs/{org}/issue-fields` names them and `issue_field_values` of every issue, alone or in a list, holds the values
(GitHub's REST description, `Issue Field` and `Issue Field Value`). A server may show values and have no such list, as
Enterprise Server 3.17 to 3.19; a person's repositories have no issue fields. Whether a new value moves an issue's
`updated_at` is said nowhere, so nothing here is ever taken to be unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from okrsync.trackers.errors import AuthFailed, Misconfigured, NotFound
from okrsync.trackers.values import FieldInfo, FieldValue
from okrsync_github.board import Board
from okrsync_github.client import Client
from okrsync_github.errors import TokenRefused

_TYPES = {"single_select": "option", "multi_select": "options"}


class IssueFields:
    """The issue fields of organisations; each is asked once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[FieldInfo, ...] | None] = client.lasting.setdefault("issue fields", {})
        self._asked: set[str] = set()

    def of(self, project: str) -> tuple[FieldInfo, ...] | None:
        """The issue fields of a repository's organisation, by name; None where GitHub does not tell of any."""
        owner = project.partition("/")[0].casefold()
        if owner not in self._known:
            self._known[owner] = self._ask(owner)
            self._asked.add(owner)
        return self._known[owner]

    def has(self, project: str, name: str) -> bool:
        """Whether there is an issue field of exactly this name."""
        return any(each.name == name for each in self.of(project) or ())

    def on_issue(self, project: str, held: Mapping[str, FieldValue], names: Iterable[str]) -> dict[str, FieldValue]:
        """What an issue that holds `held` has in those fields: None where one is empty, and no entry where none is."""
        return {name: held.get(name) for name in names if name in held or self.has(project, name)}

    def problem_with(self, project: str, name: str, board: Board | None) -> str | None:
        """What is wrong with a number field of this name, which `board` has not; None where it is an issue field."""
        owner = project.partition("/")[0]
        if owner.casefold() not in self._asked:
            # An earlier run asked, and people mend just such a name, or what the token may see.
            self._known.pop(owner.casefold(), None)
        known = self.of(project)
        found = [each for each in known or () if each.name == name]
        numbers = [each.name for each in known or () if each.type == "number"]
        if name in numbers:
            return None
        listed = (
            f"the number fields there are {', '.join(map(repr, numbers))}" if numbers else "no number field is there"
        )
        if found:
            return f"issue field {name!r} of {owner} holds {found[0].type}, not a number: {listed}"
        near = get_close_matches(name.casefold(), [each.casefold() for each in numbers], 1, 0.7)
        meant = "".join(f"; write {each!r}" for each in numbers if near and each.casefold() == near[0])
        if known is None:
            listed = "GitHub lists none of its issue fields (a classic token needs the scope read:org)"
        if board is None:
            hint = "for a board's fields set project_board to its owner and number, like acme/1"
            return f"{project}: the issues of {owner} have no field {name!r}: {listed}{meant}; {hint}"
        (of_board,) = board.problems_with([name])
        return f"{of_board}; nor is it an issue field of {owner}: {listed}{meant}" if numbers else of_board

    def _ask(self, owner: str) -> tuple[FieldInfo, ...] | None:
        try:
            given = self._client.get(f"/orgs/{owner}/issue-fields", about=f"the issue fields of {owner}")
        except TokenRefused:
            raise
        except (NotFound, AuthFailed, Misconfigured):
            return None
        if not isinstance(given, list):
            return None
        fields = [
            FieldInfo(
                str(each["name"]), str(each["id"]), _TYPES.get(str(each.get("data_type")), str(each.get("data_type")))
            )
            for each in given
            if isinstance(each, Mapping) and each.get("name") and each.get("id") is not None
        ]
        return tuple(sorted(fields, key=lambda each: each.name))
