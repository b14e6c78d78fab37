"""The example keeps the promises that every tracker must keep."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from okrsync_example import register_trackers
from okrsync_example.shelf import Shelf, State, new_shelf
from okrsync_example.tracker import ExampleTracker, add_comment, new_item, set_fields

from okrsync.testing import TrackerContract, memory_context
from okrsync.trackers.errors import Misconfigured, Transient
from okrsync.trackers.values import FieldValue, ItemId, Scope

Answer = TypeVar("Answer")
TOKEN = "open-sesame"  # noqa: S105 - opens a file in a test's own folder


class FailingShelf(Shelf):
    """A way to the file that can fail, as the way to a server can."""

    def __init__(self, path: Path, token: str) -> None:
        super().__init__(path, token)
        self.changes = self.to_refuse = self.to_drop = self.to_lose = 0

    def look(self, act: Callable[[State], Answer]) -> Answer:
        self._refuse()
        if self.to_drop:
            self.to_drop -= 1
            raise Transient("the file system broke off")
        return super().look(act)

    def change(self, act: Callable[[State], Answer]) -> Answer:
        self.changes += 1
        self._refuse()
        answer = super().change(act)
        if self.to_lose:
            self.to_lose -= 1
            raise Transient("the file system broke off")
        return answer

    def _refuse(self) -> None:
        if self.to_refuse:
            self.to_refuse -= 1
            raise Transient("the file is locked", retry_after=0.0, acted=False)


class ShelfFaults:
    """Faults, as the suite asks for them."""

    def __init__(self, shelf: FailingShelf) -> None:
        self._shelf = shelf

    def writes(self) -> int:
        return self._shelf.changes

    def refuse(self, times: int = 1) -> None:
        self._shelf.to_refuse += times

    def drop_read(self, times: int = 1) -> None:
        self._shelf.to_drop += times

    def lose_answer(self, times: int = 1) -> None:
        self._shelf.to_lose += times


class Writers:
    """People with an editor: they change the file itself."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def edit(self, at: ItemId, *, title: str | None = None, description: str | None = None) -> None:
        new = {"title": title, "description": description}
        self._change(at, lambda item: item.update({name: text for name, text in new.items() if text is not None}))

    def set_field(self, at: ItemId, name: str, value: FieldValue) -> None:
        self._shelf.change(lambda state: set_fields(state, state["items"][at.id], {name: value}))

    def add_label(self, at: ItemId, label: str) -> None:
        self._change(at, lambda item: item["labels"].append(label))

    def remove_marker(self, at: ItemId, marker: str) -> None:
        self._change(at, lambda item: item["markers"].remove(marker))

    def close(self, at: ItemId) -> None:
        self._change(at, lambda item: item.update(closed=True))

    def delete(self, at: ItemId) -> None:
        self._shelf.change(lambda state: state["items"].pop(at.id))

    def clone(self, at: ItemId) -> ItemId:
        def act(state: State) -> ItemId:
            copy = new_item(state, at.project, "")
            copy |= deepcopy(state["items"][at.id]) | {"id": copy["id"], "key": copy["key"]}
            return ItemId(at.project, copy["id"], copy["key"], at.url)

        return self._shelf.change(act)

    def add_child(
        self,
        parent: ItemId,
        title: str,
        *,
        done: bool = False,
        points: tuple[str, float] | None = None,
        pull_request: bool = False,
    ) -> None:
        def act(state: State) -> None:
            child = new_item(state, parent.project, title)
            child |= {"parent": parent.id, "closed": done}
            set_fields(state, child, dict([points]) if points else {})

        self._shelf.change(act)

    def comment(self, at: ItemId, text: str) -> str:
        return self._shelf.change(lambda state: add_comment(state["items"][at.id], "dana", text))

    def edit_comment(self, at: ItemId, comment: str, text: str) -> None:
        def act(item: dict[str, Any]) -> None:
            (found,) = (each for each in item["comments"] if each["id"] == comment)
            found |= {"text": text, "edited": datetime.now(UTC).isoformat()}

        self._change(at, act)

    def delete_comment(self, at: ItemId, comment: str) -> None:
        def act(item: dict[str, Any]) -> None:
            item["comments"] = [each for each in item["comments"] if each["id"] != comment]

        self._change(at, act)

    def titled(self, project: str, title: str) -> int:
        return self._shelf.look(
            lambda state: sum((each["project"], each["title"]) == (project, title) for each in state["items"].values())
        )

    def _change(self, at: ItemId, act: Callable[[dict[str, Any]], object]) -> None:
        self._shelf.change(lambda state: act(state["items"][at.id]))


class TestExample(TrackerContract):
    points_field = "KR current"

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "shelf.json"
        new_shelf(path, projects=["DEMO", "WEB"], token=TOKEN)
        return path

    @pytest.fixture
    def shelf(self, path: Path) -> FailingShelf:
        return FailingShelf(path, TOKEN)

    @pytest.fixture
    def tracker(self, shelf: FailingShelf) -> ExampleTracker:
        return ExampleTracker(memory_context(token=TOKEN), shelf)

    @pytest.fixture
    def stranger(self, path: Path) -> ExampleTracker:
        return ExampleTracker(memory_context(options={"file": str(path)}))

    @pytest.fixture
    def scope(self) -> Scope:
        return Scope(
            "DEMO",
            "entry",
            labels=("key-result",),
            fields=("KR baseline", "KR current"),
            objective_fields=("OKR progress",),
        )

    @pytest.fixture
    def other_scope(self) -> Scope:
        return Scope("WEB", "entry", fields=("KR baseline", "KR current"))

    @pytest.fixture
    def people(self, path: Path) -> Writers:
        return Writers(Shelf(path, TOKEN))

    @pytest.fixture
    def faults(self, shelf: FailingShelf) -> ShelfFaults:
        return ShelfFaults(shelf)


def test_it_is_made_from_its_settings(tmp_path: Path) -> None:
    new_shelf(tmp_path / "shelf.json", projects=["DEMO"], token=TOKEN)
    kind = register_trackers()[0]

    tracker = kind.load(memory_context(token=TOKEN, options={"file": str(tmp_path / "shelf.json")}))

    assert tracker.projects() == ("DEMO",)
    assert tracker.capabilities == kind.capabilities


@pytest.mark.parametrize("content", [None, "", "[]", "{}", "<html>"])
def test_what_is_no_shelf_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "shelf.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    with pytest.raises(Misconfigured, match=r"shelf\.json"):
        ExampleTracker(memory_context(options={"file": str(path)})).login()


def test_settings_without_a_file_are_refused() -> None:
    with pytest.raises(Misconfigured, match=r"\[trackers\.work\] names no file"):
        ExampleTracker(memory_context())
