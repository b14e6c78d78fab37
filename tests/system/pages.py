"""The pages of the documentation, as tests read them: blocks, links, headings, tables."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_ELSEWHERE = {".venv", "build", "dist", "node_modules"}

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)``` *$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(\s*([^)\s]+)\s*\)")
_TABLE = re.compile(r"(?:^\|.*\|$\n?)+", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is that of its opening fence, `info` what stands behind that."""

    page: Path
    line: int
    info: str
    text: str

    def __str__(self) -> str:
        return f"{shown(self.page)}:{self.line}"


def shown(page: Path) -> str:
    """A page by its path in the repository."""
    return str(page.relative_to(ROOT))


def every_page() -> list[Path]:
    """Every Markdown file of the repository."""
    found = (path for path in ROOT.rglob("*.md") if not _ELSEWHERE & set(path.relative_to(ROOT).parts))
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(ROOT).parts))


def guides() -> list[Path]:
    """The pages for users: those in docs/, and those at the top."""
    return [page for page in every_page() if page.parent == ROOT or page.is_relative_to(DOCS)]


@cache
def text_of(page: Path) -> str:
    """The whole page."""
    return page.read_text(encoding="utf-8")


def blocks(page: Path, *infos: str) -> list[Block]:
    """The fenced blocks with one of these infos, or all."""
    text = text_of(page)
    every = (
        Block(page, text.count("\n", 0, found.start()) + 1, found["info"].strip(), textwrap.dedent(found["text"]))
        for found in _FENCE.finditer(text)
    )
    return [block for block in every if not infos or block.info in infos]


def prose(page: Path) -> str:
    """The page without its fenced blocks and comments."""
    return _COMMENT.sub("", _FENCE.sub("", text_of(page)))


def links(page: Path) -> list[str]:
    """Where the links and pictures of a page lead, within the repository."""
    found = _LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page)))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", prose(page), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def section(page: str, heading: str) -> str:
    """What stands below a heading of a page of docs/, up to the next heading."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", text_of(DOCS / page), re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no heading {heading!r}"
    return found[1]


def tables(text: str) -> Iterator[list[list[str]]]:
    """The rows of each table in a text, its heading first, without marks of code and bold."""
    for found in _TABLE.finditer(text):
        rows = [re.sub(r"`|\*\*", "", line)[1:-1].split("|") for line in found[0].splitlines()]
        cells = [[cell.strip() for cell in row] for row in rows]
        yield [cells[0], *cells[2:]]


def table(page: str, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, without the table's own heading."""
    return next(tables(section(page, heading)))[1:]


def column(page: str, heading: str, number: int = 0) -> list[str]:
    """One column of that table."""
    return [row[number] for row in table(page, heading)]
