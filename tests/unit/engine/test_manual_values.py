"""Values that people measure by hand: check-ins and the tracker's field, and neither is ever lost."""

from __future__ import annotations

import pytest

from okrsync.domain.ref import Ref
from okrsync.store.values import CheckIn
from okrsync.trackers.errors import Transient
from tests.unit.engine.conftest import Found
from tests.unit.engine.world import GITHUB, JIRA, World, held, planned

STYLES = pytest.mark.parametrize("style", [JIRA, GITHUB], ids=["fields-with-item", "fields-apart"])


def check_in(world: World, ref: Ref, value: float) -> None:
    world.time.sleep(60)
    with world.open_cache() as cache:
        cache.check_ins.add(CheckIn(ref, world.time.ours(), "dana", value))


def manual(found: Found, style: object = JIRA) -> tuple[World, Ref]:
    world = found(("alpha", "work", "PLAT", style))
    kr = world.add("signup", measure='{ from = "manual" }').child("kr1")
    world.sync()
    return world, kr


def field(world: World, kr: Ref) -> object:
    return world.item(kr).fields.get("KR current")


@STYLES
def test_a_check_in_goes_into_the_field(found: Found, style: object) -> None:
    world, kr = manual(found, style)
    check_in(world, kr, 3.0)
    assert ("update", "signup/kr1", "KR current") in planned(world.sync())
    world.sync()
    assert field(world, kr) == 3.0
    assert world.observed(kr) == [3.0]


@STYLES
def test_a_number_that_somebody_types_into_the_field_stays(found: Found, style: object) -> None:
    world, kr = manual(found, style)
    check_in(world, kr, 3.0)
    world.sync()
    world.sync()
    world.server.people.set_field(world.item(kr).at, "KR current", 2.5)
    for _ in range(3):
        world.sync()
    assert field(world, kr) == 2.5
    assert world.observed(kr) == [3.0, 2.5]
    check_in(world, kr, 2.0)
    world.sync()
    world.sync()
    assert field(world, kr) == 2.0
    assert world.observed(kr) == [3.0, 2.5, 2.0]


def test_a_new_check_in_with_the_old_number_counts_as_news(found: Found) -> None:
    world, kr = manual(found)
    check_in(world, kr, 3.0)
    world.sync()
    world.server.people.set_field(world.item(kr).at, "KR current", 2.5)
    world.sync()
    check_in(world, kr, 3.0)
    world.sync()
    assert field(world, kr) == 3.0
    assert world.observed(kr) == [3.0, 2.5, 3.0]


def test_a_later_note_without_a_number_takes_no_number_back(found: Found) -> None:
    world, kr = manual(found)
    check_in(world, kr, 3.0)
    with world.open_cache() as cache:
        cache.check_ins.add(CheckIn(kr, world.time.ours(), "dana", note="waiting for the vendor"))
    world.sync()
    assert field(world, kr) == 3.0
    assert world.observed(kr) == [3.0]


def test_when_both_changed_nothing_is_written_until_somebody_checks_in_with_the_fields_number(found: Found) -> None:
    world, kr = manual(found)
    check_in(world, kr, 3.0)
    world.sync()
    check_in(world, kr, 2.0)
    world.server.people.set_field(world.item(kr).at, "KR current", 2.5)
    for _ in range(2):
        assert held(world.sync()) == [("update", "signup/kr1", "KR current")]
    assert field(world, kr) == 2.5
    check_in(world, kr, 2.5)
    assert world.sync().held == ()
    assert field(world, kr) == 2.5


@pytest.mark.parametrize("broken", ["write_fields", "update"])
def test_a_check_in_that_could_not_be_written_is_not_forgotten(found: Found, broken: str) -> None:
    style = GITHUB if broken == "write_fields" else JIRA
    world, kr = manual(found, style)
    world.server.people.set_field(world.item(kr).at, "KR current", 4.0)
    world.sync()
    check_in(world, kr, 3.0)
    world.server.fail(broken, Transient("the connection broke off"), times=9)
    outcome = world.sync()
    done = [change.action for change in outcome.done]
    assert outcome.failures and done in ([], ["comment"]), "what was not written is not said to be done"
    world.server.heal()
    world.sync()
    assert field(world, kr) == 3.0
    assert world.observed(kr)[-1] == 3.0


def test_what_cannot_be_read_is_not_written_over_and_not_taken_for_empty(found: Found) -> None:
    world, kr = manual(found)
    check_in(world, kr, 3.0)
    world.sync()
    world.server.people.set_field(world.item(kr).at, "KR current", 2.5)
    world.sync()
    item = world.item(kr)
    world.server.add_field("PLAT", "KR current")  # two fields of that name: neither can be read
    world.sync()
    assert item.fields["KR current"] == 2.5
    assert world.observed(kr) == [3.0, 2.5], "an older check-in is no news because the field cannot be read"


def test_a_text_that_somebody_wrote_where_a_number_belongs_is_theirs(found: Found) -> None:
    world = found()
    world.server.remove_field("PLAT", "KR current")
    world.server.add_field("PLAT", "KR current", "text")
    kr = world.add("signup", measure='{ from = "manual" }').child("kr1")
    world.sync()
    world.server.people.set_field(world.item(kr).at, "KR current", "about three")
    check_in(world, kr, 3.0)
    assert ("update", "signup/kr1", "KR current") in held(world.sync())
    assert field(world, kr) == "about three"
