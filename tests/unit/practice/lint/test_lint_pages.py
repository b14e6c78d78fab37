"""Every code has a page, and what the page shows as bad and as good is found and not found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from okrsync.practice.lint import registry
from tests.unit.practice.lint.lint_desk import LINT, context, found, words

PAGES = sorted((LINT / "pages").glob("*.md"))
IN_WORDS = {"OKR205", "OKR305", "OKR404", "OKR601", "OKR602"}
"""What their examples show is in more than documents; `test_lint_rules` tries them."""
_BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def part(page: Path, heading: str) -> str:
    text = page.read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return str(section)


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    rules = registry.rules(words())
    assert [page.stem for page in PAGES] == [rule.code for rule in rules]
    assert len({rule.name for rule in rules}) == len(rules)
    for page, rule in zip(PAGES, rules, strict=True):
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {rule.code}: ")
        # The severity opens the page.
        assert text.split("\n")[2].lower().startswith(rule.severity)
        assert part(page, "How to mend it").strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_bad_example_is_found_and_the_good_one_is_not(page: Path, tmp_path: Path) -> None:
    bad, good = _BLOCK.findall(part(page, "Bad")), _BLOCK.findall(part(page, "Good"))
    if page.stem in IN_WORDS:
        assert not bad and not good and part(page, "Bad").strip() and part(page, "Good").strip()
        return
    for name, blocks in (("bad", bad), ("good", good)):
        (tmp_path / name).mkdir()
        findings = found(context(tmp_path / name, *blocks), page.stem)
        assert [each.code for each in findings] == ([page.stem] if name == "bad" else [])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_good_example_has_nothing_else_that_is_wrong(page: Path, tmp_path: Path) -> None:
    blocks = _BLOCK.findall(part(page, "Good"))
    # Whoever shows a single team's document has no company above it.
    alone = {"OKR303", "OKR304", "OKR401"}
    codes = {each.code for each in found(context(tmp_path, *blocks))} if blocks else set()
    assert codes - alone - ({"OKR501"} if page.stem != "OKR501" else set()) == set()
