"""A page as values, and as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape

_ADDRESS = re.compile(r"https?://[^\s|\]<>()&\"']+")
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1f2328 }
nav, .muted { color: #59636e }
h1 { font-size: 1.4rem; margin: .3rem 0 1rem } h2 { font-size: 1rem; margin: 1.5rem 0 .3rem }
table { border-collapse: collapse } td { padding: .2rem 1.2rem .2rem 0; vertical-align: top; white-space: pre-line }
td.short { white-space: nowrap }
pre { background: #f6f8fa; padding: .8rem; white-space: pre-wrap; border-radius: 6px; font-size: 13px }
input, select, button { font: inherit; padding: .1rem .4rem } input.wide { width: 40rem; max-width: 100% }
.wrong { color: #cf222e }
@media (prefers-color-scheme: dark) {
body { background: #0d1117; color: #e6edf3 } pre { background: #161b22 } a { color: #58a6ff } }
""".replace("\n", " ")
# Titles and descriptions come from anywhere: nothing on these pages may run or load anything.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@dataclass(frozen=True)
class Link:
    """A text that leads to a path of the same site."""

    text: str
    path: str


@dataclass(frozen=True)
class Input:
    """Something that people can change; with `choices` one of these."""

    name: str
    value: str
    choices: tuple[str, ...] = ()
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """A list with a heading: rows of cells."""

    heading: str
    rows: tuple[tuple[str | Link, ...], ...]
    short: int = 0
    """How many of its first columns stay on one line."""


@dataclass(frozen=True)
class Page:
    """One page of a site."""

    title: str
    kind: str = ""
    facts: tuple[tuple[str, str | Link], ...] = ()
    inputs: tuple[Input, ...] = ()
    text: str = ""
    sections: tuple[Section, ...] = field(default=())


def to_html(page: Page, site: str, problem: str = "") -> str:
    """The page as HTML; everything in it is escaped, and addresses in its text are links."""
    return "\n".join(_lines(page, site, problem))


def _lines(page: Page, site: str, problem: str) -> Iterator[str]:
    yield f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(page.title)}</title>'
    yield f"<style>{_STYLE}</style></head><body>"
    yield f'<nav><a href="/">{escape(site)}</a>, a sandbox on this machine</nav><h1>{escape(page.title)}</h1>'
    if problem:
        yield f'<p class="wrong">{escape(problem)}</p>'
    if page.kind:
        yield f'<p class="muted">{escape(page.kind)}</p>'
    if page.facts:
        yield _table([(name, value) for name, value in page.facts])
    if page.inputs:
        rows = "".join(
            f"<tr><td><label>{escape(each.name)}</label></td><td>{_input(each)}</td></tr>" for each in page.inputs
        )
        yield f'<h2>Work on it</h2><form method="post"><table>{rows}</table><button>Save</button></form>'
        yield '<p class="muted"><code>okrsync pull</code> reads what you save here.</p>'
    if page.text:
        yield f"<h2>Description</h2><pre>{_linked(page.text)}</pre>"
    for section in page.sections:
        if section.rows:
            yield f"<h2>{escape(section.heading)}</h2>{_table(section.rows, section.short)}"
    yield "</body></html>"


def _table(rows: Iterable[tuple[str | Link, ...]], short: int = 0) -> str:
    starts = ('<td class="short">', "<td>")
    lines = ("".join(f"{starts[place >= short]}{_cell(cell)}</td>" for place, cell in enumerate(row)) for row in rows)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _cell(cell: str | Link) -> str:
    if isinstance(cell, Link):
        return f'<a href="{escape(cell.path)}">{escape(cell.text)}</a>'
    return _linked(cell)


def _input(each: Input) -> str:
    name = escape(each.name)
    if each.choices:
        options = (f"<option{' selected' if one == each.value else ''}>{escape(one)}</option>" for one in each.choices)
        return f'<select name="{name}" aria-label="{name}">{"".join(options)}</select>'
    wide = ' class="wide"' if each.wide else ""
    return f'<input name="{name}" aria-label="{name}" value="{escape(each.value)}"{wide}>'


def _linked(text: str) -> str:
    """Text with its addresses as links."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = escape(found.group())
        parts += [escape(text[end : found.start()]), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*parts, escape(text[end:])])
