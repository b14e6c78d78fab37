"""okrsync's own block in a description: what it says, and how it lives beside the text that people write.

The block has a first and a last line of its own. Everything outside them is people's and is never touched. Jira Cloud
stores wiki text in another form and gives it back with other spaces and escapes, so two blocks are the same when
their words are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from okrsync.domain.items import Markup
from okrsync.domain.ref import Ref


@dataclass(frozen=True)
class Block:
    """What the block says, before it is written in a tracker's markup."""

    why: str = ""
    aligned_to: tuple[Ref, ...] = ()
    key_results: tuple[str, ...] = ()
    """One line for each key result of an objective."""
    facts: tuple[tuple[str, str], ...] = ()
    """Label and value, for a key result's own item."""


_BEGIN = {
    Markup.MARKDOWN: "<!-- okrsync begin: kept from the OKR document; write below the end of this block -->",
    Markup.WIKI: "_okrsync: this part is kept from the OKR document._",
}
_END = {
    Markup.MARKDOWN: "<!-- okrsync end -->",
    Markup.WIKI: "_okrsync: end of this part; what you write below it stays._",
}
_FIND = {
    Markup.MARKDOWN: re.compile(r"<!-- okrsync begin\b[^\n]*?-->(?P<inside>.*?)<!-- okrsync end -->", re.DOTALL),
    Markup.WIKI: re.compile(
        r"[^\n]*okrsync: this part is kept from the OKR document[^\n]*"
        r"(?P<inside>.*?)"
        r"[^\n]*okrsync: end of this part; what you write below it stays[^\n]*",
        re.DOTALL,
    ),
}
_LABEL = {Markup.MARKDOWN: "**{}**", Markup.WIKI: "*{}*"}
_WHY, _ALIGNED, _KEY_RESULTS = "Why:", "Aligned to:", "Key results:"


def render(block: Block, markup: Markup, url_of: Callable[[Ref], str | None]) -> str:
    """The block in the tracker's markup, with its first and last line. `url_of` knows where aligned items are."""
    label = _LABEL[markup].format
    bullet = "- " if markup is Markup.MARKDOWN else "* "
    paragraphs: list[str] = []
    if block.why:
        paragraphs.append(f"{label(_WHY)} {block.why.strip()}")
    if block.aligned_to:
        links = ", ".join(_link(ref, url_of(ref), markup) for ref in block.aligned_to)
        paragraphs.append(f"{label(_ALIGNED)} {links}")
    if block.key_results:
        paragraphs.append("\n".join([label(_KEY_RESULTS), *(bullet + line for line in block.key_results)]))
    if block.facts:
        paragraphs.append("\n".join(f"{bullet}{label(name + ':')} {value}" for name, value in block.facts))
    inside = "\n\n".join(_harmless(paragraph) for paragraph in paragraphs)
    return "\n".join(part for part in (_BEGIN[markup], inside, _END[markup]) if part)


def find(description: str, markup: Markup) -> str | None:
    """The block in a description as it stands there, first and last line included; None where there is none."""
    found = _FIND[markup].search(_lines(description))
    return found.group(0) if found else None


def compose(description: str, block: str, markup: Markup) -> str:
    """The description with its block replaced by `block`; a description without one gets it at its top."""
    text = _lines(description)
    found = _FIND[markup].search(text)
    if found:
        return text[: found.start()] + block + text[found.end() :]
    return f"{block}\n\n{text}" if text.strip() else block


def same(one: str | None, other: str | None) -> bool:
    """Whether two blocks say the same, whatever a tracker did to their spaces and escapes."""
    return (one is None) == (other is None) and _words(one or "") == _words(other or "")


def why_in(block: str | None, markup: Markup) -> str | None:
    """The reason that a block gives, as somebody may have rewritten it in the tracker; None without a block."""
    found = _FIND[markup].search(block or "")
    if not found:
        return None
    labels = "|".join(re.escape(name) for name in (_ALIGNED, _KEY_RESULTS))
    text = re.search(
        rf"[*\s]*{re.escape(_WHY)}[*]*[ \t]*(?P<why>.*?)(?=\n[*\s]*(?:{labels})|\Z)", found["inside"], re.DOTALL
    )
    return text["why"].strip() if text else ""


def same_text(one: str, other: str) -> bool:
    """Whether two texts have the same words."""
    return _words(one) == _words(other)


def shares_no_key_result(standing: str, block: Block) -> bool:
    """Whether both name key results, and none by the same title."""
    if _KEY_RESULTS not in standing or not block.key_results:
        return False
    words = f" {_words(standing)} "
    titles = [line.rpartition(" (")[0] or line for line in block.key_results]
    return not any(f" {_words(title)} " in words for title in titles)


def _link(ref: Ref, url: str | None, markup: Markup) -> str:
    if url is None:
        return str(ref)
    return f"[{ref}]({url})" if markup is Markup.MARKDOWN else f"[{ref}|{url}]"


def _harmless(text: str) -> str:
    """Text that can neither end an HTML comment nor pass for a line of the block's own."""
    return text.replace("<!--", "<! --").replace("-->", "-- >").replace("okrsync: end", "okrsync : end")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _words(text: str) -> str:
    plain = re.sub(r"(?m)^[ \t]*[-*#]+[ \t]+", " ", _lines(text))
    return " ".join(re.sub(r"[*_{}\[\]|\\]", " ", plain).replace("(", " ").replace(")", " ").split())


def without_urls(text: str) -> str:
    """A block whose links to aligned items are their references alone."""
    return re.sub(r"\[([^\]|]+)(?:\|[^\]]*)?\](?:\([^)]*\))?", r"[\1]", text)
