"""Adopting what people have, cut off at every request and every commit: nothing is made, marked or named twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from okrsync.documents.adopted import Head
from okrsync.documents.reading import Surroundings
from okrsync.domain.cycle import parse_cycle
from okrsync.domain.okr import Level
from okrsync.domain.ref import Ref
from okrsync.engine.adopting import Adopted, CannotAdopt, Wish, adopt, probe
from okrsync.engine.inputs import Inputs
from okrsync.engine.outcome import ExitCode
from okrsync.trackers.errors import Rejected, Transient
from tests.unit.engine.conftest import Found
from tests.unit.engine.world import CYCLE, GITHUB, JIRA, Died, World

ONE = Ref(CYCLE, "one")
REFS = (ONE, ONE.child("cut-p95"), ONE.child("cut-p99"), Ref(CYCLE, "two"))
STYLES = pytest.mark.parametrize("style", [JIRA, GITHUB], ids=["fields-with-item", "fields-apart"])


def furnished(found: Found, style: object = JIRA, **options: Any) -> World:
    """A tracker in which people have worked without okrsync."""
    world = found(("alpha", "work", "PLAT", style), **options)
    people = world.server.people
    for title, below in (("One", ("Cut p95", "Cut p99")), ("Two", ())):
        epic = people.add_item("PLAT", title)
        people.edit(epic, description="Theirs.")
        for each in below:
            child = people.add_child(epic, each)
            people.set_field(child, "KR baseline", 4.0)
            people.set_field(child, "KR target", 1.5)
    return world


def ask(world: World, query: str = "*", **options: Any) -> Adopted:
    head, cycle = Head(CYCLE, Level.TEAM, "alpha", "dana"), parse_cycle(CYCLE)

    def run(inputs: Inputs) -> Adopted:
        place = inputs.atlas.place(probe(ONE, head, cycle))
        assert place
        path = world.folder / "okrs" / "adopted.toml"
        wish = Wish("work", query, cycle, head, place, path, "okrs/adopted.toml", Surroundings())
        return adopt(inputs, wish, **options)

    return world.run(run)  # type: ignore[no-any-return]


def document(world: World) -> Path:
    return world.folder / "okrs" / "adopted.toml"


def well(world: World) -> None:
    """Each item has its one marker, and two syncs create nothing."""
    assert [len(world.items(ref)) for ref in REFS] == [1, 1, 1, 1]
    assert all(len(each.markers) == 1 for each in world.server.items.values())
    count = len(world.server.items)
    for _ in range(2):
        outcome = world.sync()
        assert outcome.exit_code is ExitCode.DONE
    assert outcome.done == () and len(world.server.items) == count
    assert all(world.item(ref).description.endswith("Theirs.") for ref in (ONE, REFS[3]))


@STYLES
@pytest.mark.parametrize("lost", [False, True], ids=["cache", "cache-lost"])
def test_what_is_adopted_is_found_by_the_next_sync_even_where_the_search_lags(
    found: Found, style: object, lost: bool
) -> None:
    world = furnished(found, style)
    assert ask(world, dry_run=True).text and world.writes == 0 and not document(world).exists()
    done = ask(world)
    assert done.exit_code is ExitCode.DONE and done.written and world.writes == 4
    if lost:
        world.lose_cache()
    well(world)


@STYLES
@pytest.mark.parametrize("part", range(4))
def test_cut_off_at_any_request_or_commit(style: object, part: int, tmp_path: Path) -> None:
    points = 0
    for point in range(part, 200, 4):
        world = furnished(lambda *homes, at=point, **options: World(tmp_path / str(at), homes, **options), style)
        if not cut_off(world, point):
            break
        points += 1
        if not document(world).exists():
            again = ask(world)
            assert again.written and again.exit_code is ExitCode.DONE, point
        well(world)
    assert points > 3


def cut_off(world: World, point: int) -> bool:
    """Adopt, and die at the `point`-th moment; whether it came to that."""
    left = [point]

    def moment(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Died

    answer = world.server.answer

    def watched(method: str, token: str, act: Any) -> Any:
        moment()
        found = answer(method, token, act)
        moment()
        return found

    world.at_commit, world.server.answer = moment, watched  # type: ignore[method-assign]
    try:
        ask(world)
    except Died:
        return True
    finally:
        world.at_commit, world.server.answer = (lambda _when: None), answer  # type: ignore[method-assign]
    return False


@pytest.mark.parametrize(
    ("error", "times"), [(Rejected("no permission"), 1), (Transient("the connection broke off"), 2)]
)
def test_what_cannot_be_marked_is_not_in_the_document(found: Found, error: Exception, times: int) -> None:
    world = furnished(found)
    world.server.fail("update", error, times=times)
    done = ask(world)
    assert done.exit_code is ExitCode.PARTLY_FAILED and "run the command again" in str(done.failures[0])
    assert [each.ref for each in done.adoption.objectives] == [REFS[3]]
    assert 'id    = "two"' in document(world).read_text() and "cut-p95" not in document(world).read_text()
    count = len(world.server.items)
    world.sync()
    assert len(world.server.items) == count


def test_a_document_that_is_there_is_never_written_over(found: Found) -> None:
    world = furnished(found)
    document(world).write_text(f'cycle = "{CYCLE}"\nlevel = "team"\n')
    with pytest.raises(CannotAdopt, match="there already"):
        ask(world)
    assert world.writes == 0
