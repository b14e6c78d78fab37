"""References and markers as people and trackers write them."""

from __future__ import annotations

import pytest

from okrsync.domain.ref import Marker, Ref


def test_a_reference_names_an_objective_or_a_key_result() -> None:
    objective = Ref.parse("2026-Q4/instant-signup")
    key_result = Ref.parse(" 2026-Q4/instant-signup/p95 ")

    assert objective == Ref("2026-Q4", "instant-signup")
    assert not objective.is_key_result
    assert objective.parent == objective
    assert objective.local == "instant-signup"
    assert key_result == objective.child("p95")
    assert key_result.is_key_result
    assert key_result.parent == objective
    assert key_result.local == "instant-signup/p95"
    assert str(key_result) == "2026-Q4/instant-signup/p95"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "instant-signup",
        "2026-Q4/",
        "/instant-signup",
        "2026-Q4/instant-signup/",
        "2026-Q4/instant-signup/p95/more",
        "2026-Q4/Instant",
        "2026-Q4/instant signup",
        "2026-Q4/instant:signup",
        "2026-Q4/-signup",
        "2026-Q4/signup-",
        "2026-Q4/grün",
        "2026 Q4/signup",
    ],
)
def test_what_is_no_reference_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="2026-Q4/instant-signup/p95"):
        Ref.parse(text)


def test_an_objective_stands_before_its_key_results() -> None:
    refs = [Ref.parse(text) for text in ("2026-Q4/b", "2026-Q4/a/z", "2026-Q4/a", "2026-Q3/z", "2026-Q4/a/b")]

    assert [str(each) for each in sorted(refs)] == [
        "2026-Q3/z",
        "2026-Q4/a",
        "2026-Q4/a/b",
        "2026-Q4/a/z",
        "2026-Q4/b",
    ]


def test_a_marker_is_written_as_the_contract_says() -> None:
    objective = Ref("2026-Q4", "instant-signup")

    assert str(Marker("acme", objective)) == "okrsync:acme:2026-Q4:instant-signup"
    assert str(Marker("acme", objective.child("p95"))) == "okrsync:acme:2026-Q4:instant-signup/p95"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "okrsync",
        "okrsync:acme",
        "okrsync:acme:2026-Q4",
        "okrsync:acme:2026-Q4:",
        "okrsync:acme:2026-Q4:a/b/c",
        "okrsync:acme:2026-Q4:a b",
        "OKRSYNC:acme:2026-Q4:a",
        "see okrsync:acme:2026-Q4:a",
        "platform",
    ],
)
def test_what_is_no_marker_is_none(text: str) -> None:
    assert Marker.parse(text) is None


def test_markers_are_found_in_a_longer_text_each_once() -> None:
    text = (
        "Why: half of our visitors leave.\n\n<!-- okrsync:acme:2026-Q4:signup/p95 -->\n"
        "<!-- okrsync:other:2026-Q4:signup --> <!-- okrsync:acme:2026-Q4:signup/p95 -->"
    )

    assert [str(each) for each in Marker.find_all(text)] == [
        "okrsync:acme:2026-Q4:signup/p95",
        "okrsync:other:2026-Q4:signup",
    ]
    assert Marker.find_all("nothing of ours") == ()
