"""What looks too odd to be meant waits for a person: exit code 3, and neither cache nor tracker is touched."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.responses import Response

from okrsync.domain.ref import Marker, Ref
from okrsync.sandbox.request import SandboxRequest
from tests.system.calling import Okrsync
from tests.system.grounds import CYCLE, GROUNDS, Desk, GitHub, Ground, JiraCloud, JiraGround, served

O1 = Ref(CYCLE, "o0-0")
KEPT = ("links", "baselines", "observations", "items", "outbox")
kinds = pytest.mark.parametrize("desk", GROUNDS, indirect=True, ids=lambda kind: kind.name)
one_of_each = pytest.mark.parametrize("desk", [JiraCloud, GitHub], indirect=True, ids=lambda kind: kind.name)


def kept(desk: Desk) -> list[list[Any]]:
    """What the cache keeps of items and values."""
    with closing(sqlite3.connect(desk.folder / "okrsync.db")) as cache:
        return [cache.execute(f"select * from {table}").fetchall() for table in KEPT]


def synced(desk: Desk, objectives: int = 1) -> Desk:
    desk.write_team(objectives=objectives)
    for _ in range(2):
        assert not desk.run("sync").failures
    desk.ground.site.requests.clear()
    return desk


def is_held(desk: Desk, okrsync: Okrsync, *words: str) -> list[dict[str, Any]]:
    """A sync is held, twice, says so, and changes nothing; what it held."""
    before, texts = kept(desk), desk.ground.texts()
    for _ in range(2):
        said = okrsync("sync", "--json")
        assert said.code == 3, said
        assert said.json["changes"] == [], said.json["changes"]
        assert all(any(word in each["why"] for each in said.json["held"]) for word in words), said.json["held"]
        assert kept(desk) == before and desk.ground.texts() == texts
    assert desk.ground.site.requests.writes() == []
    return list(said.json["held"])


def is_item(data: Any) -> bool:
    return isinstance(data, dict) and ("fields" in data or {"number", "title"} <= data.keys())


@contextmanager
def shown(ground: Ground, change: Callable[[list[Any]], list[Any]], *, by_id: bool = False) -> Iterator[None]:
    """Lists show what `change` leaves of them, and unless `by_id` nothing is found by its id either."""
    site: Any = ground.site
    answer = site._act

    def changed(request: SandboxRequest) -> Response:
        headers = {name: text for name, text in request.headers.items() if name != "if-none-match"}
        response: Response = answer(replace(request, headers=Headers(headers)))
        if response.status_code != 200:
            return response
        data = json.loads(bytes(response.body) or b"null")
        if isinstance(data, dict) and isinstance(data.get("issues"), list):
            data["issues"] = change(data["issues"])
            data |= {"total": len(data["issues"])} if "total" in data else {}
        elif isinstance(data, list) and request.path.endswith(("/issues", "/milestones")):
            data = change(data)
        elif not by_id and request.method == "GET" and is_item(data):
            return Response(json.dumps({"message": "Not Found", "errorMessages": ["Not Found"]}), 404)
        else:
            return response
        headers = {name: text for name, text in response.headers.items() if name not in {"content-length", "etag"}}
        return Response(json.dumps(data), 200, headers)

    site._act = changed
    try:
        yield
    finally:
        site._act = answer


@kinds
def test_an_empty_answer(desk: Desk, okrsync: Okrsync) -> None:
    synced(desk, 3)
    desk.replace("team-0.toml", "Make step 0", "Mend step 0")
    with shown(desk.ground, lambda rows: []):
        is_held(desk, okrsync, "was not in the answer")
        before = kept(desk)
        said = okrsync("pull")
        assert said.code == 3 and "held: work" in said.err and "were not in the answer, too many" in said.err
        assert kept(desk) == before
    assert okrsync("sync").code == 0 and desk.ground.title(O1).startswith("Mend step 0")


@kinds
def test_an_empty_answer_of_items_that_are_there_by_their_ids(desk: Desk, okrsync: Okrsync) -> None:
    synced(desk, 3)
    texts = desk.ground.texts()
    with shown(desk.ground, lambda rows: [], by_id=True):
        assert okrsync("sync").code in {0, 3}
    assert desk.ground.texts() == texts and desk.ground.site.requests.writes() == []


@kinds
def test_an_answer_that_is_suddenly_much_smaller(desk: Desk, okrsync: Okrsync) -> None:
    synced(desk, 4)
    with shown(desk.ground, lambda rows: rows[:1]):
        held = is_held(desk, okrsync, "was not in the answer")
    assert len(held) >= 5
    assert okrsync("sync").code == 0


@pytest.mark.parametrize("desk", [JiraCloud], indirect=True, ids=lambda kind: kind.name)
@pytest.mark.parametrize(("gone", "code"), [(4, 0), (5, 3)])
def test_a_fifth_and_five_at_least_are_gone(desk: Desk, okrsync: Okrsync, gone: int, code: int) -> None:
    synced(desk, 5)  # 15 items: a fifth is three, and five are the least.
    ground = desk.ground
    assert isinstance(ground, JiraGround)
    for number in range(gone):
        ground.site.delete(ground._key(Ref(CYCLE, f"o0-{number}", "kr1")))
    if code:
        assert len(is_held(desk, okrsync, "cache rebuild")) == gone
    else:
        first = okrsync("sync", "--json")
        assert first.code == 3 and first.json["changes"] == [] and len(first.json["held"]) == gone
        assert okrsync("sync").code == 0 and len(ground.texts()) == 15


@kinds
def test_a_mapping_that_moves_to_another_project(desk: Desk, okrsync: Okrsync) -> None:
    ground = desk.ground
    synced(desk)
    settings = (desk.folder / "okrsync.toml").read_text()
    if isinstance(ground, JiraGround):
        ground.site.add_project("PROJB", "Another")
        other = settings.replace('"PROJA"', '"PROJB"')
    else:
        assert isinstance(ground, GitHub)
        ground.site.add_repository("acme/repo-1")
        other = settings.replace('"acme/repo-0"', '"acme/repo-1"')
    assert other != settings
    desk.write_settings(other)
    assert {each["field"] for each in is_held(desk, okrsync, "change the mapping back")} == {"project"}
    desk.write_settings(settings)
    assert okrsync("sync").code == 0


@one_of_each
def test_a_workspace_name_that_changed(desk: Desk, okrsync: Okrsync) -> None:
    synced(desk)
    desk.write_settings(desk.ground.settings().replace('"acme"', '"beta"', 1))
    before, asked = kept(desk), len(desk.ground.site.requests.records)
    for command in ("sync", "pull", "plan", "status"):
        said = okrsync(command)
        assert said.code == 3 and "change it back to 'acme'" in said.err, said
    assert kept(desk) == before and len(desk.ground.site.requests.records) == asked
    desk.write_settings(desk.ground.settings())
    assert okrsync("sync").code == 0


@kinds
def test_a_second_folder_with_the_same_workspace_name(desk: Desk, okrsync: Okrsync) -> None:
    synced(desk)
    desk.lose_cache()
    (desk.folder / ".okrsync.db.creations").unlink(missing_ok=True)
    for path in desk.folder.glob(".okrsync.db.*"):
        path.unlink()
    for old, new in (
        ("Make step 0 of team 0 feel instant", "Win over the newcomers"),
        ("Half of our visitors leave while they wait.", "Nobody knows us."),
        ("Cut p95 of part", "Raise the number of trials"),
    ):
        desk.replace("team-0.toml", old, new)
    texts = desk.ground.texts()
    for _ in range(2):
        said = okrsync("sync", "--json")
        assert said.code == 3 and said.json["changes"] == [], said
        assert [each["ref"] for each in said.json["held"]] == [str(O1)]
        assert "another folder uses the same workspace name" in said.json["held"][0]["why"]
    assert desk.ground.site.requests.writes() == [] and desk.ground.texts() == texts
    assert okrsync("resolve", "o0-0", "--take", "documents").code == 0
    assert okrsync("sync").code == 0 and desk.ground.title(O1) == "Win over the newcomers"
    assert desk.ground.title(O1.child("kr1")).startswith("Raise the number of trials")


@one_of_each
def test_without_the_cache_a_document_that_changed_in_part_is_no_other(desk: Desk, okrsync: Okrsync) -> None:
    synced(desk)
    desk.lose_cache()
    desk.replace("team-0.toml", "Make step 0 of team 0 feel instant", "Win over the newcomers")
    desk.replace("team-0.toml", "Cut p95 of part", "Raise the number of trials")
    assert okrsync("sync").code == 0 and desk.ground.title(O1) == "Win over the newcomers"


def test_objectives_that_this_folder_never_had(
    okrsync: Okrsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(GitHub()) as ground:
        first = synced(Desk(ground, tmp_path / "first"))
        second = Desk(ground, tmp_path / "second")
        second.write("team-0.toml", (first.folder / "okrs" / "team-0.toml").read_text().replace("o0-0", "o0-9"))
        second.replace("team-0.toml", "Make step 0", "Mend step 0")
        monkeypatch.chdir(second.folder)
        said = okrsync("sync", "--json")
        (held,) = said.json["held"]
        assert said.code == 3 and held["action"] == "close" and "another folder uses the same workspace" in held["why"]
        assert not ground.closed(O1) and len(ground.texts()) == 6


@kinds
def test_an_item_that_another_workspace_claims_too(desk: Desk, okrsync: Okrsync) -> None:
    ground = desk.ground
    synced(desk)
    marker = Marker("beta", O1)
    if isinstance(ground, JiraGround):
        key = ground._key(O1)
        ground.site.edit(key, labels=[*ground.site.issue(key).labels, str(marker)])
    else:
        assert isinstance(ground, GitHub)
        repository, item = ground._find(O1)
        text = f"{item['description']}\n<!-- {marker} -->"
        ground.site.edit_milestone(repository, item["number"], description=text)
    desk.replace("team-0.toml", "Make step 0", "Mend step 0")
    (held,) = is_held(desk, okrsync, "another workspace keeps it as its own")
    assert held["field"] == "marker"


@kinds
def test_an_objective_that_left_the_documents_is_proposed_for_closing_and_never_deleted(
    desk: Desk, okrsync: Okrsync
) -> None:
    synced(desk, 2)
    desk.write_team(objectives=1)
    (held,) = is_held(desk, okrsync, "okrsync deletes nothing")
    assert (held["action"], held["ref"]) == ("close", f"{CYCLE}/o0-1")
    assert len(desk.ground.texts()) == 6 and not desk.ground.closed(Ref(CYCLE, "o0-1"))
    assert {each.method for each in desk.ground.site.requests.records} <= {"GET", "POST"}
