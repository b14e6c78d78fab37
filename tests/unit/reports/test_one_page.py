"""Links on the page lead to web pages and nowhere else."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from okrsync.domain.cycle import parse_cycle
from okrsync.domain.okr import EVERYONE, KeyResult, Level, Objective, Okrs
from okrsync.domain.ref import Ref
from okrsync.domain.status import Facts, Link, assess
from okrsync.practice.calibration import calibrate
from okrsync.practice.scoring import Bounds
from okrsync.reports.one_page import OnePage, one_page
from okrsync.reports.one_page_views import page_html, page_lines, page_markdown

O1 = Ref("2026-Q4", "instant-signup")


def page_with(address: str) -> OnePage:
    cycle = parse_cycle("2026-Q4")
    key_result = KeyResult(O1.child("p95"), "Cut p95", baseline=4.0, target=1.5)
    okrs = Okrs((Objective(O1, "Feel instant", Level.TEAM, date(2026, 12, 31), (key_result,)),))
    facts = Facts(links={key_result.ref: Link("work", "PLAT-7", address)})
    status = assess(okrs, "acme", cycle, datetime(2026, 11, 15, tzinfo=UTC), facts)
    return one_page(status, (), Bounds(), calibrate((), cycle.start), EVERYONE)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "file:///etc/passwd", ""]
)
def test_other_addresses_are_no_links(address: str) -> None:
    html, markdown = page_html(page_with(address)), "\n".join(page_markdown(page_with(address)))
    assert "<a " not in html and "](" not in markdown
    assert "PLAT-7" in html and "PLAT-7" in markdown


def test_a_web_address_is_a_link_that_ends_where_it_should() -> None:
    address = 'https://acme.example/browse/PLAT-7"(x)>y'
    assert 'href="https://acme.example/browse/PLAT-7&#34;(x)&gt;y"' in page_html(page_with(address))
    assert '](https://acme.example/browse/PLAT-7"%28x%29%3Ey)' in "\n".join(page_markdown(page_with(address)))


def page_of(level: Level, *, linked: bool = True) -> OnePage:
    cycle = parse_cycle("2026-Q4")
    key_result = KeyResult(O1.child("free"), "Free of crashes", baseline=97.8, target=99.5, unit="%")
    okrs = Okrs((Objective(O1, "Feel instant", level, date(2026, 12, 31), (key_result,)),))
    facts = Facts(links={key_result.ref: Link("work", "PLAT-7", "https://acme.example/PLAT-7")} if linked else {})
    status = assess(okrs, "acme", cycle, datetime(2026, 11, 15, tzinfo=UTC), facts)
    return one_page(status, (), Bounds(), calibrate((), cycle.start), EVERYONE)


def test_no_line_ends_inside_a_goal() -> None:
    assert ">97.8\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}99.5\N{NO-BREAK SPACE}%<" in page_html(page_of(Level.TEAM))


def test_a_column_with_nothing_in_it_is_left_out() -> None:
    heads = [f'<th scope="col">{name}</th>' for name in ("Progress", "Item")]
    shown, bare = page_html(page_of(Level.TEAM)), page_html(page_of(Level.INDIVIDUAL, linked=False))
    assert all(head in shown for head in heads)
    assert not any(head in bare for head in heads)


def test_where_figures_are_kept_to_their_audience_the_page_says_so() -> None:
    said = "igures of somebody's own objectives are shown to the audience that they are kept to"
    for level in (Level.INDIVIDUAL, Level.TEAM):
        page = page_of(level)
        pages = (page_html(page).replace("&#39;", "'"), "\n".join(page_markdown(page)))
        pages += ("\n".join(line.text for line in page_lines(page)),)
        assert [said in each for each in pages] == [level is Level.INDIVIDUAL] * 3
