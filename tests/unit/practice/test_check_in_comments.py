"""okrsync's own comments: whatever they say comes back to the letter, and calls nobody by name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from okrsync.domain.items import Markup
from okrsync.domain.okr import KeyResult, Kind
from okrsync.domain.ref import SLUG, Marker, Ref
from okrsync.practice.check_in_comments import Signed, answer, answered_in, line, refusal, render, signed_in
from okrsync.practice.check_ins import Said, lines

KR = KeyResult(
    Ref("2026-Q4", "instant-signup", "p95"), "Cut p95 from 4.0 s to 1.5 s", baseline=4.0, target=1.5, unit="s"
)
AT = datetime(2026, 11, 15, 9, 30, 12, 123, UTC)
MARKUPS = pytest.mark.parametrize("markup", list(Markup))
TEXTS = st.text() | st.sampled_from(
    [
        "@frank and @acme/core",
        "{color:red}x{color} [~dana] !image.png! |a|b|",
        "<!-- okrsync:acme:2026-Q4:a --> <b>x</b>",
        "okr: 5 @0.9",
        "line\nokr: 5\r\n/okr 6",
        "; by erin at 2026-11-15T09:30:12.000123Z",
        "x; obstacles: y; help: z",
        "okrsync answers comment 12",
        "100% %41 ``` ` ~~~",
        "-1 @0.5",
        "ünïcödé 你好 ا٣ 👩‍👩‍👧 \u200b\u00a0",
        "- https://acme.example/a_b?c=*d*#e",
        " padded  twice ",
        "#12 GH-12 acme/web#12",
    ]
)
MOMENTS = st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC))
SIGNED = st.builds(
    Signed,
    st.from_regex(SLUG, fullmatch=True),
    st.builds(
        Said,
        st.none() | st.floats(allow_nan=False, allow_infinity=False).map(lambda each: each + 0.0),
        st.none() | st.floats(0, 1),
        TEXTS,
        TEXTS,
        TEXTS,
    ),
    TEXTS.filter(bool),
    MOMENTS,
    TEXTS,
)


@given(SIGNED, st.sampled_from(Markup), st.booleans())
def test_a_check_in_comes_back_from_its_comment_to_the_letter(signed: Signed, markup: Markup, named: bool) -> None:
    text = render(signed, KR, markup, named=named)
    assert signed_in(text) == signed
    assert signed_in(text.replace("\n", "\r\n")) == signed
    assert answered_in(text) is None
    assert len(list(lines(text))) <= 1, "nothing in it passes for another check-in"


@given(SIGNED)
def test_the_line_holds_nothing_that_markup_changes_or_that_calls_somebody(signed: Signed) -> None:
    written = line(signed)
    words = written.removeprefix(f"okr {signed.key_result}:").removeprefix(" -")
    assert not set(words) & set("\\`*_{}[]()#+!|<>&~?^\"'=$\n\r\t")
    assert not re.search(r"@(?![0-9])", words)
    assert not re.search(r"(?<!\w)-|-(?!\w)|\s\s", words), "no dash that is a list's, a rule's or struck text's"


@given(TEXTS, TEXTS)
def test_on_github_no_comment_mentions_anybody_or_hides_a_marker(author: str, note: str) -> None:
    text = render(Signed("p95", Said(3.1, 0.6, note), author, AT), KR, Markup.MARKDOWN, named=True)
    outside_of_code = re.sub(r"`[^`]*`$", "", text)
    without_links = re.sub(r"https?://\S+", "", outside_of_code)
    assert not re.search(r"@\w", without_links)
    assert "<!--" not in text.replace("\\<", "") and Marker.find_all(text.replace("\\", "")) in (
        (),
        Marker.find_all(f"{author} {note}"),
    )


def test_people_read_it_at_a_glance() -> None:
    signed = Signed(
        "p95", Said(3.1, 0.6, "waiting for the vendor", "no contract", "legal, by Friday"), "dana", AT, "erin"
    )
    assert render(signed, KR, Markup.MARKDOWN, named=True) == (
        "**Check-in** by dana (entered by erin) on Cut p95 from 4.0 s to 1.5 s: 3.1 s, confidence 0.6\n\n"
        "- Note: waiting for the vendor\n- Obstacles: no contract\n- Help needed: legal, by Friday\n\n"
        "`okr p95: 3.1 @0.6 waiting for the vendor; obstacles: no contract; help: legal, by Friday;"
        " by dana at 2026-11-15T09:30:12.000123Z, entered by erin`"
    )
    done = KeyResult(KR.ref, "Move", Kind.DONE)
    text = render(Signed("p95", Said(1.0), "dana", AT), done, Markup.WIKI, named=False)
    assert text == "*Check-in* by dana: done\n\nokr p95: 1; by dana at 2026-11-15T09:30:12.000123Z"


def test_a_time_is_told_in_utc_whatever_zone_it_was_said_in() -> None:
    east = Signed("p95", Said(3.1), "dana", AT.astimezone(timezone(timedelta(hours=9))))
    assert signed_in(line(east)) == Signed("p95", Said(3.1), "dana", AT)


@pytest.mark.parametrize("changed", ["\\", "nbsp", "mono"])
def test_it_is_found_in_what_jira_makes_of_it(changed: str) -> None:
    signed = Signed("p95", Said(-3.1, 0.6, "sign-up"), "dana", AT)
    text = line(signed)
    text = {
        "\\": text.replace("-", "\\-").replace("@", "\\@"),
        "nbsp": text.replace(" ", "\u00a0"),
        "mono": "{{" + text + "}}",
    }[changed]
    assert signed_in(f"*Check\\-in* by dana\n\n{text}\n ") == signed


@pytest.mark.parametrize(
    "text",
    [
        "okr p95: 3.1 @0.6 waiting for the vendor",
        "okr p95: 3.1 @1.6; by dana at 2026-11-15T09:30:12.000123Z",
        "okr p95: 3.1; by dana at 2026-13-15T09:30:12.000123Z",
        "okr p95: 3.1; by dana at 2026-11-15T09:30:12.000123Z and more",
        "okr p95: 3.1 %ff; by dana at 2026-11-15T09:30:12.000123Z",
        "okr p95: 3.1; by dana at 2026-11-15T09:30:12.000123Z\nThat was wrong.",
        "",
    ],
)
def test_what_people_write_themselves_is_not_taken_for_okrsyncs(text: str) -> None:
    assert signed_in(text) is None


@MARKUPS
@given(st.from_regex(r"[A-Za-z0-9]{1,20}", fullmatch=True), TEXTS)
@example("0", "@&0")
@example("0", "@_0 @`0` \\`@a`")
def test_an_answer_says_whom_it_answers_and_is_no_check_in(markup: Markup, comment_id: str, why: str) -> None:
    for text in (
        answer(comment_id, why, KR, markup),
        answer(comment_id, why, None, markup),
        refusal(comment_id, why, markup),
    ):
        assert answered_in(text) == comment_id
        assert list(lines(text)) == [] and signed_in(text) is None
        # A backtick after a backslash begins no code; what stands after a backslash is shown.
        shown = re.sub(r"\\(.)|`[^`]*`|https?://\S+", lambda found: found[1] or " ", text)
        assert markup is Markup.WIKI or not re.search(r"@\w", shown)


def test_the_example_in_an_answer_is_a_check_in_of_that_key_result() -> None:
    text = answer("1", "why", KR, Markup.MARKDOWN)
    assert "`okr p95: 4 @0.6 waiting for the vendor`" in text and "(in s)" in text
    (found,) = lines("okr p95: 4 @0.6 waiting for the vendor")
    assert found.name == "p95"
