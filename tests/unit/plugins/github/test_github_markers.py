"""Markers in bodies: found where okrsync put them, left alone where people wrote about them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync_github.markers import split_markers, with_markers

OURS = "okrsync:acme:2026-Q4:signup"
THEIRS = "okrsync:neighbours:2026-Q4:signup/p95"

slugs = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,8}[a-z0-9])?", fullmatch=True)
markers = st.builds("okrsync:{}:2026-Q4:{}/{}".format, slugs, slugs, slugs)
bodies = st.lists(
    st.sampled_from(
        ["a", "Ü", " ", "\n", "\n\n", "> ", "`", "```\n", "~~~\n", "<!-- note -->", "<!-- okrsync:x -->", "- "]
    )
).map("".join)


@given(bodies, st.lists(markers, max_size=3, unique=True))
def test_what_is_appended_is_found_again_and_the_text_is_kept(text: str, some: list[str]) -> None:
    shown, found = split_markers(with_markers(text, some))

    assert found == tuple(some)
    assert shown == text.rstrip()


@given(bodies, st.lists(markers, min_size=1, max_size=3, unique=True))
def test_writing_again_what_was_read_changes_nothing(text: str, some: list[str]) -> None:
    body = with_markers(text, some)

    assert with_markers(*split_markers(body)) == body
    assert split_markers(body.replace("\n", "\r\n")) == split_markers(body)


@pytest.mark.parametrize(
    "body",
    [
        f"<!-- {OURS} -->",
        f"Why.\n\n<!-- {OURS} -->",
        f"Why.\r\n\r\n<!-- {OURS} -->\r\n",
        f"Why.\n<!--{OURS}-->\n\n",
        f"Why. <!-- {OURS} -->",
        f"> somebody's words\n\n<!-- {OURS} -->",
        f"```\nan open block of code\n<!-- {OURS} -->",
    ],
)
def test_a_marker_of_its_own_is_ours(body: str) -> None:
    assert split_markers(body)[1] == (OURS,)


@pytest.mark.parametrize(
    "body",
    [
        f"> <!-- {OURS} -->",
        f"> Why.\n> <!-- {OURS} -->\n\nIs this still so?",
        f"The marker is `<!-- {OURS} -->`, I think.",
        f"See <!-- {OURS} --> for more.\nAnd so on.",
        f"```html\n<!-- {OURS} -->\n```",
        f"~~~\n```\n<!-- {OURS} -->\n~~~\n",
        f"    <!-- {OURS} -->\n\nindented code",
        f"{OURS}",
        "<!-- okrsync: no marker -->",
        "<!-- okrsync:acme:2026-Q4: -->",
        "",
    ],
)
def test_what_people_write_about_a_marker_is_text(body: str) -> None:
    assert split_markers(body) == (body.rstrip(), ())


def test_all_markers_are_kept_in_their_order_and_each_once() -> None:
    body = f"Why.\n\n<!-- {OURS} -->\n<!-- {THEIRS} -->\n<!-- {OURS} -->"

    assert split_markers(body) == ("Why.", (OURS, THEIRS))
    assert with_markers("Why.", [OURS, THEIRS, OURS]) == f"Why.\n\n<!-- {OURS} -->\n<!-- {THEIRS} -->"


def test_text_below_the_marker_is_peoples_text_and_comes_to_stand_above_it() -> None:
    shown, found = split_markers(f"Why.\n\n<!-- {OURS} -->\n\nAdded below.\n\n\nWith space.")

    assert shown == "Why.\n\nAdded below.\n\n\nWith space."
    assert with_markers(shown, found).endswith(f"With space.\n\n<!-- {OURS} -->")


def test_a_bare_text_stays_bare() -> None:
    assert with_markers("Why.\n", []) == "Why."
