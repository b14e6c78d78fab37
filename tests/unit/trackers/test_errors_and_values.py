"""What errors and values carry, and what they never show."""

from __future__ import annotations

import dataclasses

from okrsync.testing import memory_context
from okrsync.trackers.errors import Misconfigured, Transient
from okrsync.trackers.interface import Secret
from okrsync.trackers.values import KEEP, Edit, Reading


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("canary-7f3a")
    context = dataclasses.replace(memory_context(), token=secret)

    for shown in (repr(secret), str(secret), f"{secret}", f"{context}", f"{[secret]!r}"):
        assert "canary" not in shown
    assert secret.reveal() == "canary-7f3a"


def test_all_problems_of_the_settings_are_told_at_once() -> None:
    error = Misconfigured("no field 'KR current'", "no project 'PLAT'")

    assert error.problems == ("no field 'KR current'", "no project 'PLAT'")
    assert str(error) == "no field 'KR current'; no project 'PLAT'"


def test_of_a_lost_answer_nobody_knows_whether_it_acted() -> None:
    assert Transient("lost").acted is None
    assert Transient("lost").retry_after is None


def test_an_edit_keeps_what_it_does_not_name() -> None:
    assert (Edit().title, Edit().description, Edit().due, Edit().fields, Edit().add_marker) == (
        KEEP,
        KEEP,
        KEEP,
        {},
        None,
    )
    assert Edit(due=None).due is None


def test_an_empty_reading_is_no_sign_of_a_deletion() -> None:
    assert Reading() == Reading(items=(), failures={}, complete=True, cursor=None)
