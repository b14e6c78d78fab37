"""okrsync's block in a description, beside the text of people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.domain.items import Markup
from okrsync.domain.ref import Marker, Ref
from okrsync.plan import block as blocks
from okrsync.plan.block import Block

PARENT = Ref("2026-Q4", "win-newcomers")
BLOCK = Block("People wait.\n\nToo long.", (PARENT,), ("Cut p95 from 4 s to 1.5 s (4 → 1.5 s)",))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=80)


def url_of(ref: Ref) -> str | None:
    return f"https://jira.example/browse/{ref.objective}"


@pytest.mark.parametrize("markup", Markup)
def test_a_block_is_found_again_and_says_why(markup) -> None:
    text = blocks.render(BLOCK, markup, url_of)
    description = f"Before.\n\n{text}\n\nAfter."
    assert blocks.find(description, markup) == text
    assert blocks.why_in(text, markup) == BLOCK.why
    assert url_of(PARENT) in text


@pytest.mark.parametrize("markup", Markup)
def test_no_block_is_not_an_empty_block(markup) -> None:
    assert blocks.find("Only people's words.", markup) is None
    assert not blocks.same(None, blocks.render(Block(), markup, url_of))


@pytest.mark.parametrize("markup", Markup)
@given(before=TEXTS, after=TEXTS, why=TEXTS, new_why=TEXTS)
def test_replacing_the_block_leaves_every_other_character(markup, before, after, why, new_why) -> None:
    old = blocks.render(Block(why), markup, url_of)
    new = blocks.render(Block(new_why, (PARENT,)), markup, url_of)
    glue = "\n" if markup is Markup.WIKI else ""
    description = f"{before}{glue}{old}{glue}{after}"
    replaced = blocks.compose(description, new, markup)
    assert replaced == f"{before}{glue}{new}{glue}{after}"
    assert blocks.find(replaced, markup) == new
    assert blocks.compose(replaced, new, markup) == replaced


@pytest.mark.parametrize("markup", Markup)
@given(text=TEXTS)
def test_a_description_without_a_block_keeps_its_text_below(markup, text) -> None:
    block = blocks.render(BLOCK, markup, url_of)
    composed = blocks.compose(text, block, markup)
    assert composed.startswith(block)
    assert not text.strip() or composed.endswith(text)


@given(why=TEXTS)
def test_a_reason_can_neither_end_the_block_nor_pass_for_a_marker(why) -> None:
    hostile = f"{why} <!-- okrsync end --> <!-- okrsync:acme:2026-Q4:other -->"
    text = blocks.render(Block(hostile), Markup.MARKDOWN, url_of)
    assert blocks.find(text, Markup.MARKDOWN) == text
    assert text.count("-->") == 2
    assert f"<!-- {Marker('acme', Ref('2026-Q4', 'other'))} -->" not in text


def test_spaces_and_escapes_that_a_tracker_adds_are_no_difference_and_a_sign_is() -> None:
    text = blocks.render(BLOCK, Markup.WIKI, url_of)
    mangled = text.replace("*Why:* ", "*Why:*  \\").replace("\n\n", "\r\n \r\n").replace("* Cut", "*  Cut")
    assert blocks.same(text, mangled)
    signed = blocks.render(Block(key_results=("from 5 to 1 (5 → 1)",)), Markup.WIKI, url_of)
    assert not blocks.same(signed, signed.replace("(5", "(-5"))


def test_two_blocks_without_urls_are_compared_by_their_references() -> None:
    with_url = blocks.render(BLOCK, Markup.MARKDOWN, url_of)
    without = blocks.render(BLOCK, Markup.MARKDOWN, lambda _: None)
    assert not blocks.same(with_url, without)
    assert blocks.same(blocks.without_urls(with_url), blocks.without_urls(without))
