"""What okrsync asks of Projects v2 boards, and writes to them, over GraphQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from okrsync.trackers.errors import Misconfigured, NotFound, TrackerError
from okrsync.trackers.values import FieldValue
from okrsync_github import queries
from okrsync_github.addresses import BoardName, Place
from okrsync_github.board import Board, BoardItem, BoardReading, item_from, nodes_of, values_from
from okrsync_github.bodies import GraphQLAnswer
from okrsync_github.client import Client
from okrsync_github.errors import BOARD_SCOPES
from okrsync_github.items import Json

BATCH = 20
"""Mutations in one document: GitHub works through them one by one and ends a request after 10 s."""

Thing = TypeVar("Thing")


class Projects:
    """The boards of one GitHub. What a board's name stands for is looked up once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._boards: dict[BoardName, Board] = client.lasting.setdefault("boards", {})
        self._owners: dict[str, queries.OwnerKind] = client.lasting.setdefault("owners", {})
        self._items: dict[tuple[BoardName, str], str] = {}
        """(board, issue's id) → id of the board's item."""

    def board(self, name: BoardName) -> Board:
        """The board with its fields.

        Raises:
            NotFound: there is none, or the token may not see it.
        """
        if name not in self._boards:
            self._remember(name, self._ask(name, queries.board_fields, {}))
        return self._boards[name]

    def read(self, name: BoardName, wanted: Sequence[str]) -> BoardReading:
        """Every item of the board with the wanted fields: one request for each 100 items."""
        names = list(dict.fromkeys(wanted))
        variables: dict[str, Any] = {f"f{at}": each for at, each in enumerate(names)}
        items: list[BoardItem] = []
        after: str | None = None
        seen: set[str] = set()
        while True:
            data = self._ask(name, lambda owner: queries.board_items(owner, len(names)), {**variables, "after": after})
            self._remember(name, data)
            page = data.get("items") or {}
            items.extend(item for node in nodes_of(page) if (item := item_from(node, names)))
            about_page = page.get("pageInfo") or {}
            if not about_page.get("hasNextPage"):
                break
            after = str(about_page.get("endCursor"))
            if after in seen:
                raise Misconfigured(f"board {name}: GitHub leads from page to page in a circle")
            seen.add(after)
        others = {key: item for key, item in self._items.items() if key[0] != name}
        self._items = others | {(name, item.place.id.casefold()): item.id for item in items if item.place}
        return BoardReading.of(self._boards[name], items)

    def values_of(self, name: BoardName, place: Place, wanted: Sequence[str]) -> Mapping[str, FieldValue]:
        """The wanted fields of one issue, read afresh."""
        board = self.board(name)
        names = list(dict.fromkeys(wanted))
        owner, _, repository = place.project.partition("/")
        answer = self._client.graphql(
            queries.issue_on_boards(len(names)),
            {
                "owner": owner,
                "repository": repository,
                "number": place.number,
                **{f"f{at}": each for at, each in enumerate(names)},
            },
            about=place.key,
        )
        issue = (answer.data.get("repository") or {}).get("issue")
        if issue is None:
            raise answer.problems[0][1] if answer.problems else NotFound(f"{place.key} cannot be seen: {BOARD_SCOPES}")
        on_board = [
            node for node in nodes_of(issue.get("projectItems")) if (node.get("project") or {}).get("id") == board.id
        ]
        item = (
            BoardItem(str(on_board[0]["id"]), str(issue["id"]), place, values_from(on_board[0], names))
            if on_board
            else None
        )
        return BoardReading.of(board, [item] if item else []).values_for(place, None, names)

    def write(
        self,
        name: BoardName,
        values: Mapping[Place, Mapping[str, FieldValue]],
        content_id: Callable[[Place], str],
    ) -> None:
        """Put the issues on the board where they are missing, and write their number fields.

        Raises:
            Misconfigured: a field is missing, ambiguous or holds no numbers; then nothing is written.
            TrackerError: some values could not be written; the others are.
        """
        board = self.board(name)
        wanted = [field for fields in values.values() for field in fields]
        problems = [*board.problems_with(wanted), *_not_numbers(values)]
        if problems:
            raise Misconfigured(*problems)
        failures: dict[Place, TrackerError] = {}
        self._add_missing(board, list(values), content_id, failures)
        to_set: list[tuple[Place, Json]] = []
        to_clear: list[tuple[Place, Json]] = []
        for place, fields in values.items():
            for field, value in fields.items() if place not in failures else ():
                change = {
                    "projectId": board.id,
                    "itemId": self._items[name, place.id.casefold()],
                    "fieldId": board.number_field(field).id,
                }
                if value is None:
                    to_clear.append((place, change))
                else:
                    to_set.append((place, {**change, "value": {"number": value}}))
        self._mutate(name, queries.set_values, to_set, failures)
        self._mutate(name, queries.clear_values, to_clear, failures)
        if failures:
            raise _together(name, failures, len(values))

    def _add_missing(
        self,
        board: Board,
        places: Sequence[Place],
        content_id: Callable[[Place], str],
        failures: dict[Place, TrackerError],
    ) -> None:
        name = board.name
        missing = [place for place in places if (name, place.id.casefold()) not in self._items]
        inputs = [(place, {"projectId": board.id, "contentId": content_id(place)}) for place in missing]
        for place, made in self._mutate(name, queries.add_items, inputs, failures):
            item = (made.get("item") or {}).get("id")
            if item:
                self._items[name, place.id.casefold()] = str(item)
            else:
                failures[place] = NotFound(f"{place.key} could not be put on board {name}: {BOARD_SCOPES}")

    def _mutate(
        self,
        name: BoardName,
        document: Callable[[int], str],
        inputs: Sequence[tuple[Place, Json]],
        failures: dict[Place, TrackerError],
    ) -> list[tuple[Place, Json]]:
        """Send the mutations in batches; what each that worked answered, beside what it was for."""
        done: list[tuple[Place, Json]] = []
        for batch in _batches(inputs, BATCH):
            variables = {f"i{at}": change for at, (_, change) in enumerate(batch)}
            answer = self._client.graphql(document(len(batch)), variables, about=f"board {name}", writes=True)
            for at, (place, _) in enumerate(batch):
                alias = f"m{at}"
                made = answer.data.get(alias)
                if isinstance(made, dict):
                    done.append((place, made))
                else:
                    failures[place] = answer.problem_at(alias) or _unanswered(answer, place, name)
        return done

    def _ask(self, name: BoardName, document: Callable[[queries.OwnerKind], str], variables: Json) -> Json:
        """The board's node. Whether its owner is an organisation or a person is found out once."""
        known = self._owners.get(name.owner.casefold())
        kinds: tuple[queries.OwnerKind, ...] = (known,) if known else ("organization", "user")
        why: TrackerError | None = None
        for kind in kinds:
            try:
                answer = self._client.graphql(
                    document(kind),
                    {"login": name.owner, "number": name.number, **variables},
                    about=f"board {name}",
                )
            except NotFound as missing:
                why = why or missing
                continue
            board = (answer.data.get(kind) or {}).get("projectV2")
            if isinstance(board, dict) and board.get("id"):
                self._owners[name.owner.casefold()] = kind
                return board
            problem = answer.problem_at(kind)
            if problem and not isinstance(problem, NotFound):
                raise problem
        raise NotFound(
            f"board {name} does not exist, or the token may not see it (https://github.com/orgs/OWNER/projects/NUMBER"
            f" is written OWNER/NUMBER): {BOARD_SCOPES}"
        ) from why

    def _remember(self, name: BoardName, data: Json) -> None:
        self._boards[name] = Board.from_json(name, data)


def _not_numbers(values: Mapping[Place, Mapping[str, FieldValue]]) -> list[str]:
    return [
        f"{place.key}: {value!r} is no number, and field {name!r} of the board takes numbers only"
        for place, fields in values.items()
        for name, value in fields.items()
        if isinstance(value, str)
    ]


def _unanswered(answer: GraphQLAnswer, place: Place, name: BoardName) -> TrackerError:
    if answer.problems:
        return answer.problems[0][1]
    return NotFound(f"{place.key} on board {name}: GitHub did not write it and did not say why")


def _together(name: BoardName, failures: Mapping[Place, TrackerError], total: int) -> TrackerError:
    first = next(iter(failures.values()))
    told = "; ".join(dict.fromkeys(f"{place.key}: {error}" for place, error in islice(failures.items(), 5)))
    return type(first)(f"board {name}: the fields of {len(failures)} of {total} issues could not be written: {told}")


def _batches(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    rest = iter(things)
    while batch := list(islice(rest, size)):
        yield batch
