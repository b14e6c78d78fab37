"""Check-ins by comment and by command: each counts once, comes back into an empty cache, and has its proper answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from okrsync.domain.ref import Ref
from okrsync.engine.check_in_journal import CheckInJournal
from okrsync.engine.checking_in import CheckInBook, Sent, send
from okrsync.engine.moments import Uptime, Watch
from okrsync.practice.check_in_comments import answered_in, signed_in
from okrsync.practice.check_in_rules import People, Person
from okrsync.store.values import CheckIn
from okrsync.trackers.errors import AuthFailed, Rejected, Transient
from tests.unit.engine.conftest import Found
from tests.unit.engine.world import GITHUB, JIRA, Died, World, held, planned

STYLES = pytest.mark.parametrize("style", [JIRA, GITHUB], ids=["fields-with-item", "fields-apart"])
MEASURES = pytest.mark.parametrize("measure", ["manual", "field"])
PEOPLE = People(
    (Person("dana", ("dana-gh",)), Person("erin", ("erin-gh",), ("alpha",)), Person("frank", ("frank-gh",), ("web",)))
)


def ready(found: Found, style: object = JIRA, measure: str = "manual", **options: Any) -> tuple[World, Ref]:
    world = found(("alpha", "work", "PLAT", style), **options)
    kr = world.add("signup", measure=f'{{ from = "{measure}" }}').child("kr1")
    world.sync()
    world.sync()
    world.time.sleep(60)
    return world, kr


def comment(world: World, ref: Ref, text: str, author: str = "dana", **options: Any) -> str:
    world.time.sleep(60)
    return world.server.people.comment(world.item(ref).at, text, author, **options)


def journal(world: World) -> CheckInJournal:
    watch = Watch(world.time.ours, lambda: Uptime(world.boot, world.time.passed.total_seconds()))
    return CheckInJournal.beside(world.cache_path, "acme", watch)


def check_in(world: World, ref: Ref, value: float | None, author: str = "dana", **more: Any) -> CheckIn:
    """Somebody checks in on the command line; nothing is sent yet."""
    world.time.sleep(60)
    with world.open_cache() as cache:
        at = more.pop("at", world.time.ours())
        return CheckInBook(cache, journal(world)).keep(CheckIn(ref, at, author, value, **more))


def said(world: World, ref: Ref) -> list[tuple[str, float | None, float | None, str]]:
    with world.open_cache() as cache:
        return [(each.author, each.value, each.confidence, each.note) for each in cache.check_ins.of(ref)]


def everything(world: World) -> list[CheckIn]:
    with world.open_cache() as cache:
        refs = sorted(cache.check_ins.newest())
        return [replace(each, id=None) for ref in refs for each in cache.check_ins.of(ref)]


def comments(world: World, ref: Ref) -> list[str]:
    return [each.text for each in world.item(ref).comments]


def answers(world: World, ref: Ref) -> list[str]:
    return [text for text in comments(world, ref) if answered_in(text)]


def field(world: World, ref: Ref) -> object:
    return world.item(ref).fields.get("KR current")


@STYLES
@MEASURES
def test_a_comment_is_a_check_in_by_its_author(found: Found, style: object, measure: str) -> None:
    world, kr = ready(found, style, measure)
    comment(world, kr, "Hello,\nokr: 3.1 @0.6 waiting for the vendor\nBye")
    writes = world.writes
    world.run("pull")
    assert said(world, kr) == [("dana", 3.1, 0.6, "waiting for the vendor")]
    assert world.observed(kr) == [3.1]
    assert world.writes == writes, "a pull writes to no tracker"
    world.sync()
    assert field(world, kr) == 3.1
    assert len(comments(world, kr)) == 1, "what is said there already is not said again"
    assert world.sync().done == ()


@MEASURES
def test_numbers_in_the_field_and_check_ins_take_turns(found: Found, measure: str) -> None:
    world, kr = ready(found, measure=measure)
    for number, by_comment in ((3.1, True), (2.8, False), (2.5, True), (2.6, False)):
        if by_comment:
            comment(world, kr, f"okr: {number}")
        else:
            world.time.sleep(60)
            world.server.people.set_field(world.item(kr).at, "KR current", number)
        world.sync()
        assert world.sync().done == ()
        assert field(world, kr) == number
    assert world.observed(kr) == [3.1, 2.8, 2.5, 2.6]


def test_where_both_changed_it_waits_for_a_person(found: Found) -> None:
    world, kr = ready(found, measure="field")
    comment(world, kr, "okr: 3.1")
    world.sync()
    comment(world, kr, "okr: 2.9")
    world.server.people.set_field(world.item(kr).at, "KR current", 3.5)
    assert held(world.sync()) == [("update", "signup/kr1", "KR current")]
    assert field(world, kr) == 3.5


def test_after_the_cache_is_lost_a_field_is_believed_before_an_old_check_in(found: Found) -> None:
    world, kr = ready(found, measure="field")
    comment(world, kr, "okr: 3.1")
    world.sync()
    world.server.people.set_field(world.item(kr).at, "KR current", 2.5)
    world.lose_cache()
    world.sync()
    assert field(world, kr) == 2.5 and world.observed(kr) == [2.5]
    comment(world, kr, "okr: 2.4")
    world.sync()
    assert field(world, kr) == 2.4


@STYLES
def test_a_check_in_on_the_command_line_is_sent_once(found: Found, style: object) -> None:
    world, kr = ready(found, style)
    made = check_in(world, kr, 3.1, confidence=0.6, note="okr: 5", obstacles="a\nb", help_needed="x", entered_by="erin")
    sent: Sent = world.run(send)
    assert (sent.left, sent.outcome.failures) == ((), ())
    (text,) = comments(world, kr)
    found_again = signed_in(text)
    assert found_again and (found_again.at, found_again.said.note) == (made.at, "okr: 5")
    assert field(world, kr) == 3.1 and world.observed(kr) == [3.1]
    assert world.run(send).outcome.done == () and world.sync().done == ()
    assert len(comments(world, kr)) == 1
    assert said(world, kr) == [("dana", 3.1, 0.6, "okr: 5")]


def test_sending_writes_nothing_but_check_ins(found: Found) -> None:
    world, kr = ready(found)
    world.edit("signup", title="Another title")
    other = world.add("billing", measure='{ from = "manual" }')
    check_in(world, kr, 3.1)
    sent = world.run(send)
    assert {(each.action, each.field) for each in sent.outcome.done} >= {("update", "KR current"), ("comment", None)}
    assert world.item(kr.parent).title == "Make signup feel instant" and world.items(other) == []


def test_every_check_in_comes_back_from_the_trackers_into_an_empty_cache(found: Found) -> None:
    world, kr = ready(found)
    check_in(world, kr, 3.5, confidence=0.4, note="@x {y}\n\nz", obstacles="o; by x", help_needed=" h ")
    world.sync()
    comment(world, kr, "okr: 3.1 @0.6 waiting")
    check_in(world, kr, None, "erin", confidence=0.7, entered_by="dana")
    comment(world, kr, "okr: hm?")
    comment(world, kr, "/okr 2.9", "erin")
    world.sync()
    before, texts, now = everything(world), comments(world, kr), world.observed(kr)[-1]
    assert len(before) == 4 and all(each.sent for each in before)
    world.lose_cache()
    journal(world).path.unlink()
    world.run("pull")
    assert everything(world) == before
    assert world.observed(kr) == [now]
    assert world.sync().done == () and comments(world, kr) == texts


def test_a_rebuild_reads_every_comment_again(found: Found) -> None:
    world, kr = ready(found)
    comment(world, kr, "okr: 3.1")
    world.sync()
    with world.open_cache() as cache:
        assert cache.comments.cursor("work") is not None
        cache.clear_for_rebuild()
        assert cache.comments.cursor("work") is None and cache.comments.answers() == {}
    world.sync()
    assert said(world, kr) == [("dana", 3.1, None, "")]


def test_what_no_tracker_has_yet_survives_the_cache(found: Found) -> None:
    world, kr = ready(found)
    check_in(world, kr, 3.1, confidence=0.6)
    before = everything(world)
    world.lose_cache()
    world.run("pull")
    assert everything(world) == before and world.observed(kr) == [3.1]
    world.lose_cache()
    world.sync()
    assert len(comments(world, kr)) == 1 and field(world, kr) == 3.1
    world.lose_cache()
    world.sync()
    assert len(comments(world, kr)) == 1 and len(everything(world)) == 1


def test_offline_it_is_kept_and_counts_and_is_sent_later(found: Found) -> None:
    world, kr = ready(found)
    check_in(world, kr, 3.1)
    world.server.fail(None, Transient("no route to host", acted=False), times=99)
    sent = world.run(send)
    assert len(sent.left) == 1 and not sent.refusals
    assert world.observed(kr) == [3.1], "whoever looks at the status sees it"
    world.server.heal()
    world.sync()
    assert len(comments(world, kr)) == 1 and field(world, kr) == 3.1


def test_a_refusal_is_told_and_nothing_is_lost(found: Found) -> None:
    world, kr = ready(found)
    check_in(world, kr, 3.1)
    for error in (Rejected("comments are closed"), AuthFailed("the token may not comment")):
        world.server.fail("comment", error)
        sent = world.run(send)
        assert sent.refusals and len(sent.left) == 1
        assert "comment" in str(sent.outcome.failures[0])
    assert world.run(send).left == () and len(comments(world, kr)) == 1


@pytest.mark.parametrize("after_acting", [True, False])
@pytest.mark.parametrize("settle_after", [0.0, 90.0])
def test_a_comment_whose_answer_is_lost_is_looked_for_before_it_is_sent_again(
    found: Found, after_acting: bool, settle_after: float
) -> None:
    world, kr = ready(found, settle_after=settle_after)
    check_in(world, kr, 3.1)
    world.server.fail("comment", Transient("the connection broke off"), after_acting=after_acting)
    world.run(send)
    assert len(comments(world, kr)) == after_acting
    world.sync()
    world.time.sleep(settle_after + 1)
    world.sync()
    assert len(comments(world, kr)) == 1 and len(everything(world)) == 1
    assert world.sync().done == ()


@pytest.mark.parametrize("losing_the_cache", [False, True])
def test_killed_anywhere_it_is_sent_once_and_kept_once(found: Found, losing_the_cache: bool) -> None:
    """Died before and after each request, each commit, and each line of the journal."""
    world, kr = ready(found)
    count = 0
    append = CheckInJournal._append

    def lives(number: int) -> int:
        """Check in, die at the moment `number` while sending, go on; how many moments there were."""
        nonlocal count
        count = 0

        def moment(_when: str = "") -> None:
            nonlocal count
            count += 1
            if count == number:
                raise Died

        def appends(self: CheckInJournal, entry: Any) -> None:
            moment()
            append(self, entry)
            moment()

        answer = type(world.server).answer

        def answers_(self: Any, method: str, token: str, act: Callable[[], Any]) -> Any:
            moment()
            done = answer(self, method, token, act)
            moment()
            return done

        check_in(world, kr, 3.1 + number / 1000)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(CheckInJournal, "_append", appends)
            patch.setattr(type(world.server), "answer", answers_)
            world.at_commit = moment
            try:
                world.run(send)
            except Died:
                pass
            finally:
                world.at_commit = lambda _when: None
        return count

    moments = lives(0)
    assert moments > 20
    for number in range(1, moments + 1):
        before = len(comments(world, kr))
        lives(number)
        if losing_the_cache:
            world.lose_cache()
        world.run(send)
        world.sync()
        assert len(comments(world, kr)) == before + 1, number
        assert len(everything(world)) == before + 1 and field(world, kr) == pytest.approx(3.1 + number / 1000), number
        if number % 10 == 0:
            assert world.sync().done == (), number


def test_a_plan_names_each_comment_and_writes_none(found: Found) -> None:
    world, kr = ready(found)
    check_in(world, kr, 3.1, confidence=0.6)
    comment(world, kr, "okr: n/a")
    writes = world.writes
    plan = world.run("plan").plan
    assert world.writes == writes
    noted = [(each.ref, each.key, each.field) for each in plan.changes if each.action == "comment"]
    assert noted == [(kr, world.item(kr).at.key, None)] * 2
    outcome = world.sync(expect=plan.digest)
    assert [each for each in outcome.done if each.action == "comment"] == [each.change for each in plan.remarks]
    assert comments(world, kr)[1:] == [each.change.after for each in plan.remarks]


def test_the_first_sync_creates_the_item_and_comments_on_it(found: Found) -> None:
    world = found()
    kr = world.add("signup", measure='{ from = "manual" }').child("kr1")
    check_in(world, kr, 3.1)
    assert ("comment", "signup/kr1", None) in planned(world.sync())
    assert len(comments(world, kr)) == 1 and world.sync().done == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("okr: n/a", "'n/a' is no value"),
        ("okr: 3.1 @1.4", "a confidence of 1.4 is not between 0 and 1"),
        ("okr: soon", "neither a value nor a confidence"),
        ("okr nps: 3.1", "there is no key result called nps here; there are: kr1"),
        ("okr: 310 ms", "'ms' is not the unit of kr1"),
    ],
)
def test_what_nobody_can_read_is_answered_once(found: Found, text: str, why: str) -> None:
    world, kr = ready(found)
    id_ = comment(world, kr, text)
    writes = world.writes
    world.run("pull")
    assert world.writes == writes and said(world, kr) == []
    world.sync()
    (answer,) = answers(world, kr)
    assert why in answer.replace("\\", "") and "okr kr1: 4 @0.6" in answer and answered_in(answer) == id_
    world.lose_cache()
    for _ in range(2):
        assert world.sync().done == ()
    world.server.people.edit_comment(world.item(kr).at, id_, f"{text}!")
    world.sync()
    assert len(answers(world, kr)) == 1, "nobody is told twice"
    world.server.people.edit_comment(world.item(kr).at, id_, "okr: 3.1")
    world.sync()
    assert said(world, kr) == [("dana", 3.1, None, "")]


def test_who_mends_it_before_the_answer_hears_nothing(found: Found) -> None:
    world, kr = ready(found)
    id_ = comment(world, kr, "okr: n/a")
    world.run("pull")
    world.server.people.edit_comment(world.item(kr).at, id_, "okr: 3.1")
    world.sync()
    assert answers(world, kr) == [] and said(world, kr) == [("dana", 3.1, None, "")]


@pytest.mark.parametrize("lost", [False, True])
def test_an_answer_whose_own_answer_is_lost_is_given_once(found: Found, lost: bool) -> None:
    world, kr = ready(found)
    comment(world, kr, "okr: n/a")
    world.server.fail("comment", Transient("the connection broke off"), after_acting=True)
    world.sync()
    if lost:
        world.lose_cache()
    world.sync()
    assert len(answers(world, kr)) == 1


def test_okrsync_does_not_answer_itself(found: Found) -> None:
    world, kr = ready(found)
    comment(world, kr, "okr: n/a", "okr-bot")
    outcome = world.sync()
    assert answers(world, kr) == [] and len(outcome.notes) == 1
    comment(world, kr, "okr: 3.1", "okr-bot")
    world.sync()
    assert said(world, kr) == [("okr-bot", 3.1, None, "")], "whoever shares its account may check in"


def test_who_wrote_long_ago_is_not_answered(found: Found) -> None:
    world, kr = ready(found)
    comment(world, kr, "okr: hm")
    comment(world, kr, "okr: 3.1")
    world.time.sleep(29 * 86400)
    outcome = world.sync()
    assert answers(world, kr) == [] and len(outcome.notes) == 1 and "an old comment" in outcome.notes[0]
    assert said(world, kr) == [("dana", 3.1, None, "")], "what can be read counts however old it is"
    assert world.sync().notes == ()


def test_prose_is_left_alone(found: Found) -> None:
    world, kr = ready(found)
    for text in ("okr review: tomorrow at 9", "We said okr: 3.1", "> okr: 3.1", "thanks"):
        comment(world, kr, text)
    world.sync()
    assert said(world, kr) == [] and answers(world, kr) == []


def test_a_check_in_for_somebody_elses_objective_is_refused_with_who_may(found: Found) -> None:
    world, kr = ready(found)
    world.people = PEOPLE
    for author in ("frank-gh", "unknown"):
        comment(world, kr, "okr: 3.1 @0.6", author)
    world.sync()
    assert said(world, kr) == []
    for answer in answers(world, kr):
        assert "signup/kr1 belongs to dana of team alpha" in answer and "does not count" in answer
    assert len(answers(world, kr)) == 2
    assert world.sync().done == ()
    comment(world, kr, "okr: 3.1", "erin-gh")
    comment(world, kr, "okr: 3.0", "dana-gh")
    world.sync()
    assert [each[0] for each in said(world, kr)] == ["erin", "dana"], "as the settings call them"


def test_somebody_outside_changes_nothing_and_makes_nobody_talk(found: Found) -> None:
    world, kr = ready(found)
    comment(world, kr, "okr: 99 @1", "stranger", insider=False)
    comment(world, kr, "okr: n/a", "stranger", insider=False)
    forged = check_in(world, kr, 1.6)
    world.sync()
    own = comments(world, kr)[-1]
    comment(
        world,
        kr,
        own.replace("1.6", "1.5").replace(forged.at.isoformat()[:16], "2026-10-05T23:30"),
        "stranger",
        insider=False,
    )
    outcome = world.sync()
    assert said(world, kr) == [("dana", 1.6, None, "")] and answers(world, kr) == []
    assert outcome.failures == () and len(outcome.notes) == 1, "of each it is told once"
    world.lose_cache()
    notes = world.sync().notes
    assert len(notes) == 3 and all("stranger" in each and "#comment-" in each for each in notes)
    assert world.sync().notes == ()
    world.people = People((Person("dana", ("stranger",)),))
    comment(world, kr, "okr: 3.1", "stranger", insider=False)
    world.sync()
    assert ("dana", 3.1, None, "") in said(world, kr), "whom the settings know is no stranger"


def test_an_outsider_cannot_keep_others_from_being_answered(found: Found) -> None:
    world, kr = ready(found)
    id_ = comment(world, kr, "okr: n/a")
    comment(world, kr, f"okrsync answers comment {id_}", "stranger", insider=False)
    world.sync()
    assert len(answers(world, kr)) == 2


def test_a_check_in_that_is_older_than_the_newest_stays_in_the_history(found: Found) -> None:
    world, kr = ready(found)
    comment(world, kr, "okr: 3.1 @0.6")
    world.sync()
    check_in(world, kr, 3.9, at=world.time.ours() - timedelta(days=2), confidence=0.1)
    world.sync()
    assert [each[1] for each in said(world, kr)] == [3.9, 3.1]
    assert field(world, kr) == 3.1 and world.observed(kr) == [3.1]
    assert len(comments(world, kr)) == 2


def test_of_two_at_once_both_are_kept_and_every_cache_takes_the_same(found: Found) -> None:
    world, kr = ready(found)
    at = world.time.ours()
    check_in(world, kr, 3.2, "erin", at=at)
    check_in(world, kr, 3.1, "dana", at=at)
    world.sync()
    assert field(world, kr) == 3.2, "of the same moment the last in the alphabet"
    assert [each[0] for each in said(world, kr)] == ["dana", "erin"]
    before = everything(world)
    world.lose_cache()
    world.sync()
    assert everything(world) == before and field(world, kr) == 3.2


def test_the_same_check_in_twice_is_one_and_another_at_that_moment_is_another(found: Found) -> None:
    world, kr = ready(found)
    at = world.time.ours()
    for value in (3.2, 3.2, 3.1):
        check_in(world, kr, value, at=at)
    assert [each[1] for each in said(world, kr)] == [3.2, 3.1]


def test_an_edited_comment_changes_its_check_in_and_one_without_its_line_takes_it_back(found: Found) -> None:
    world, kr = ready(found)
    comment(world, kr, "okr: 3.5")
    id_ = comment(world, kr, "okr: 3.1 @0.6")
    world.sync()
    world.server.people.edit_comment(world.item(kr).at, id_, "okr: 3.3 @0.5 misread")
    world.sync()
    assert said(world, kr) == [("dana", 3.5, None, ""), ("dana", 3.3, 0.5, "misread")]
    world.server.people.edit_comment(world.item(kr).at, id_, "never mind")
    world.run("pull")
    assert said(world, kr) == [("dana", 3.5, None, "")]
    assert world.observed(kr)[-1] == 3.5
    world.sync()
    assert field(world, kr) == 3.5


def test_a_deleted_comment_leaves_its_check_in(found: Found) -> None:
    world, kr = ready(found)
    id_ = comment(world, kr, "okr: 3.1")
    world.sync()
    world.server.people.delete_comment(world.item(kr).at, id_)
    world.sync()
    assert said(world, kr) == [("dana", 3.1, None, "")]


def test_where_key_results_are_fields_the_line_names_one_and_the_field_follows(found: Found) -> None:
    world = found(key_results={"as": "fields"}, fields={})
    for name in ("Signup p95", "Signup NPS"):
        world.server.add_field("PLAT", name)
    objective = world.add("signup", key_results=2)
    for text, name in zip(world.objectives["alpha"]["signup"].key_results, ("Signup p95", "Signup NPS"), strict=True):
        text.measure = f'{{ from = "field", field = "{name}" }}'
    world.write("alpha")
    kr1, kr2 = objective.child("kr1"), objective.child("kr2")
    world.sync()
    world.sync()
    comment(world, objective, "okr kr1: 3.1 @0.6\nokr kr2: 2.2 s\nokr: 5")
    world.sync()
    assert said(world, kr1) == [("dana", 3.1, 0.6, "")] and said(world, kr2) == [("dana", 2.2, None, "")]
    assert {**world.item(objective).fields} == {"Signup p95": 3.1, "Signup NPS": 2.2}
    (answer,) = answers(world, objective)
    assert "it does not say which key result it is about; there are: kr1, kr2" in answer
    check_in(world, kr2, 2.0)
    assert world.run(send).left == ()
    assert world.item(objective).fields["Signup NPS"] == 2.0
    text = comments(world, objective)[-1]
    assert "on Cut step 2 of signup" in text and "okr kr2: 2;" in text
    assert world.sync().done == ()


def test_a_measured_key_result_takes_confidence_and_no_value(found: Found) -> None:
    world, kr = ready(found, measure="children")
    comment(world, kr, "okr: 3.1 @0.6")
    comment(world, kr, "okr: @0.7 going well")
    world.sync()
    assert said(world, kr) == [("dana", None, 0.7, "going well")]
    (answer,) = answers(world, kr)
    assert "the value of kr1 is measured by children; leave it out" in answer


def test_a_confidence_alone_takes_no_value_back_and_a_value_alone_no_confidence(found: Found) -> None:
    world, kr = ready(found)
    for text in ("okr: 3.1 @0.6", "okr: @0.4", "okr: 3.0"):
        comment(world, kr, text)
    world.sync()
    assert field(world, kr) == 3.0
    with world.open_cache() as cache:
        from okrsync.reports.facts import gather_facts

        seen = gather_facts(cache, kr.cycle, timedelta(days=7)).observed[kr]
    assert (seen.value, seen.confidence) == (3.0, 0.4)


def test_comments_of_a_project_that_cannot_be_read_come_the_next_time(found: Found) -> None:
    world, kr = ready(found)
    comment(world, kr, "okr: 3.1")
    world.server.fail("comments_since", Transient("bad gateway"), times=9)
    assert world.run("pull").failures
    assert said(world, kr) == []
    world.server.heal()
    world.run("pull")
    assert said(world, kr) == [("dana", 3.1, None, "")]
