"""The page of a cycle: for its audience alone, without a figure of a person, and harmless in a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import time_machine

from tests.system.calling import Okrsync

SETTINGS = """
workspace = "acme"

[audiences]
leads = ["dana", "erin"]
dana-only = ["dana"]
"""
EVIL = "<script>alert(1)</script> & <img src=x onerror=alert(2)>"
DOCUMENT = f"""
cycle = "2026-Q4"
level = "team"
team  = "platform"
owner = "zelda"

[[objectives]]
id    = "instant-signup"
title = "Instant {EVIL}"
why   = "javascript:alert(3)"
retrospective = {{ learned = "{EVIL}", better = "@everyone [x](javascript:alert(4))" }}

  [[objectives.key_results]]
  id = "p95"
  title = "Cut p95 | {EVIL}"
  baseline = 4.0
  target = 2.0
  unit = "s"
  target_changes = [{{ on = 2026-11-15, from = 1.5, to = 2.0, reason = "{EVIL}" }}]
  score = {{ computed = 0.84, final = 2.32, adjustment = -0.02, reason = "{EVIL}", by = "zelda", on = 2026-12-31 }}

[[objectives]]
id = "lay-off"
title = "The secret reorganisation"
audience = "leads"

  [[objectives.key_results]]
  id = "secret"
  title = "Secret figures"
  baseline = 0
  target = 10

[[objectives]]
id = "sketch"
title = "A mere sketch"
stage = "draft"

[[kpis]]
id = "uptime"
title = "API availability"
min = 99.9
unit = "%"

[[kpis]]
id = "runway"
title = "Secret runway"
min = 12
audience = "leads"
"""
INDIVIDUAL = """
cycle = "2026-Q4"
level = "individual"
owner = "dana"

[[objectives]]
id = "grow"
title = "Become a speaker"

  [[objectives.key_results]]
  id = "talks"
  title = "Give 4 talks"
  baseline = 0
  target = 4
  score = { computed = 0.25, final = 1, on = 2026-12-31 }

[[objectives]]
id = "own"
title = "Learn to delegate"
audience = "dana-only"

  [[objectives.key_results]]
  id = "days"
  title = "Delegate on 4 days"
  baseline = 0
  target = 4
  score = { computed = 0.75, final = 3, on = 2026-12-31 }
"""


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("OKRSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "okrs").mkdir()
    (tmp_path / "okrsync.toml").write_text(SETTINGS)
    (tmp_path / "okrs" / "platform.toml").write_text(DOCUMENT)
    (tmp_path / "okrs" / "dana.toml").write_text(INDIVIDUAL)
    return tmp_path


class Page(HTMLParser):
    """What a browser would make of a page: its tags with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def every_form(okrsync: Okrsync, *more: str) -> dict[str, str]:
    forms = {form: okrsync("report", "--format", form, *more).out for form in ("text", "markdown", "html")}
    return {**forms, "json": okrsync("report", "--json", *more).out}


def test_the_page_can_do_nothing_but_be_read(okrsync: Okrsync) -> None:
    page = Page(okrsync("report", "--format", "html").out)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "img", "iframe", "object", "embed", "form", "link", "base"}
    (policy,) = (each["content"] for tag, each in page.tags if each.get("http-equiv") == "Content-Security-Policy")
    assert policy and policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert not any(name.startswith("on") or name == "style" for _, each in page.tags for name in each)
    assert page.text.count("<script>alert(1)</script>") == 5, "it is shown as it was written"
    addresses = [each.get("href") for tag, each in page.tags if tag == "a"]
    assert all(each and each.startswith(("http://", "https://")) for each in addresses)


def test_scores_bands_answers_and_changed_targets_stand_on_it(okrsync: Okrsync) -> None:
    text = okrsync("report").out
    assert "0.82 excellent" in text and "4 → 2 s (began with 1.5 s), now 2.32 s" in text
    assert "0.84 by its numbers, adjusted by -0.02" in text
    assert "What did we learn?" in text and "above 0.7 to 0.8: a successful challenge" in text
    assert "API availability: at least 99.9 %, now unknown" in text
    markdown = okrsync("report", "--format", "markdown").out
    assert "\\<script\\>" in markdown and "<script>" not in markdown and "@everyone" not in markdown
    assert re.search(r"\| Cut p95 \\\| ", markdown), "a pipe in a title ends no cell"


@pytest.mark.parametrize("words", ["Secret", "secret", "lay-off", "runway", "mere sketch", "delegate"])
def test_everyone_sees_no_trace_of_what_is_for_others(okrsync: Okrsync, words: str) -> None:
    for form, text in every_form(okrsync).items():
        assert words not in text, form
    for form, text in every_form(okrsync, "--audience", "leads").items():
        if words in ("Secret", "secret"):
            assert words in text, form


def test_no_owner_stands_beside_a_figure(okrsync: Okrsync) -> None:
    for form, text in every_form(okrsync).items():
        assert "zelda" not in text, form
    found = okrsync("report", "--json").json
    assert [each["owner"] for each in found["objectives"]] == ["dana", None]


def test_the_figures_of_ones_own_objectives_are_ones_own(okrsync: Okrsync) -> None:
    for form, text in every_form(okrsync).items():
        assert "Become a speaker" in text, form
        assert ("0.25" not in text and "reconsider whether" in text) or form == "json", form
    found = okrsync("report", "--json").json
    (grow,) = (each for each in found["objectives"] if each["ref"] == "2026-Q4/grow")
    assert grow["progress"] is None and grow["health"] is None
    assert [each["ref"] for each in found["scores"]] == ["2026-Q4/instant-signup"]
    own = okrsync("report", "--audience", "dana-only").out
    assert "Learn to delegate: 0.75 successful challenge" in own and "0.25" not in own
    assert "delegate" not in okrsync("report", "--audience", "leads").out


@time_machine.travel("2027-01-04T12:00:00Z")
def test_it_is_written_into_a_file_in_the_form_that_its_name_says(okrsync: Okrsync, workspace: Path) -> None:
    begin = {"a.html": "<!DOCTYPE html>", "a.md": "# OKRs 2026-Q4, acme", "a.txt": "OKRs 2026-Q4, acme"}
    for name, begins in begin.items():
        said = okrsync("report", "--out", name)
        text = (workspace / name).read_text()
        assert said.code == 0 and said.out == "" and text.lstrip().startswith(begins)
        assert "; over" in text
    assert okrsync("report", "--json", "--format", "html").code == 2
    assert okrsync("report", "--audience", "leaders").code == 2
    assert okrsync("report", "--out", "missing/a.md").code == 1


@pytest.mark.parametrize("command", ["review", "score"])
def test_review_and_score_are_made_for_an_audience_too(okrsync: Okrsync, command: str) -> None:
    for more in ((), ("--json",)):
        shown = okrsync(command, *more).out
        assert "instant-signup" in shown or command == "review"
        assert "ecret" not in shown and "lay-off" not in shown and "delegate" not in shown
        assert "lay-off" in okrsync(command, "--audience", "leads", *more).out
    assert okrsync(command, "lay-off").code == 2
    assert okrsync(command, "lay-off", "--audience", "leads").code == 0
