"""Standard output and standard error: what goes where, in which form, and what never does."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from okrsync.cli.logs import hear_libraries
from okrsync.cli.redaction import redacted
from okrsync.cli.screen import PipeClosed, Screen, _by_line
from okrsync.cli.voice import Voice
from okrsync.problems import Problem


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class _Narrow(io.StringIO):
    encoding = "ascii"


class _Closed(io.StringIO):
    encoding = "utf-8"

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def show(screen: Screen, *, as_json: bool = False) -> None:
    def never() -> None:
        raise AssertionError("a form was made that is not shown")

    is_terminal = screen.is_terminal
    screen.show(
        as_json=as_json,
        data=(lambda: {"title": "Zoë\x9b"}) if as_json else never,
        text=never if as_json or is_terminal else lambda: ["Zoë"],  # type: ignore[arg-type, return-value]
        picture=(lambda width: Text(f"{width} wide", style="bold")) if is_terminal and not as_json else never,  # type: ignore[arg-type]
    )


def test_a_pipe_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show(Screen())
    assert capsys.readouterr().out == "Zoë\n"


def test_json_is_ascii_so_that_no_terminal_obeys_it(monkeypatch: pytest.MonkeyPatch) -> None:
    out = _Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    show(Screen(), as_json=True)
    assert out.getvalue().isascii() and "\x9b" not in out.getvalue()
    assert json.loads(out.getvalue()) == {"title": "Zoë\x9b"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_json_for_programs_says_the_same_line_by_line(value: object) -> None:
    assert json.loads(_by_line(value)) == value


def test_each_thing_has_its_line() -> None:
    text = _by_line({"cycle": "2026-Q4", "objectives": [{"ref": "a"}, {"ref": "b"}], "kpis": []})
    assert text.splitlines() == [
        '{"cycle": "2026-Q4",',
        '"objectives": [',
        '{"ref": "a"},',
        '{"ref": "b"}',
        "],",
        '"kpis": []}',
    ]


def test_a_terminal_gets_a_picture_of_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    out = _Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("COLUMNS", "57")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    show(Screen())
    assert out.getvalue() == "\x1b[1m57 wide\x1b[0m\n"


@pytest.mark.parametrize("name", ["NO_COLOR", "TERM"])
def test_a_terminal_without_colours_gets_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = _Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv(name, "dumb")
    screen = Screen()
    if screen.is_terminal:
        screen.picture(lambda _width: Text("x", style="red"))
    else:
        screen.lines(["x"])
    assert "31m" not in out.getvalue()


def test_what_the_encoding_cannot_hold_is_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    out = _Narrow()
    monkeypatch.setattr(sys, "stdout", out)
    Screen().lines(["4 → 1.5 s"])
    assert out.getvalue() == "4 ? 1.5 s\n"


def test_a_closed_pipe_is_no_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", _Closed())
    with pytest.raises(PipeClosed):
        Screen().lines(["x"])


def test_quiet_silences_notes_only(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Voice(quiet=True)
    voice.note("good to know")
    voice.warn("look")
    voice.fail("wrong")
    assert capsys.readouterr() == ("", "look\nwrong\n")


def test_problems_are_listed_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Problem("a.toml", 3, "x", "is bad", "good", "Mend it."), Problem("b.toml", 0, "", "is missing")]
    Voice().problems(problems)
    assert capsys.readouterr().err.splitlines() == [
        "a.toml:3: x: is bad; expected good. Mend it.",
        "b.toml: is missing",
        "2 problems",
    ]


def test_logs_are_silent_unless_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    Voice().log("reading")
    Voice().debug("more")
    assert capsys.readouterr().err == ""
    Voice(verbose=True).debug("step", done=1)
    assert capsys.readouterr().err.endswith("Z debug   step done=1\n")
    Voice("json").log("reading", tracker="work")
    assert json.loads(capsys.readouterr().err)["tracker"] == "work"


def test_libraries_log_the_same_way_and_tell_no_token(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    try:
        hear_libraries("text", True)
        hear_libraries("json", False)
        logging.getLogger("some.library").warning("sent %s", "Authorization: Bearer abcdefghijklmnop")
        logging.getLogger("urllib3").debug("headers")
        line = json.loads(capsys.readouterr().err)
        assert line["event"] == "sent Authorization: Bearer …" and line["level"] == "warning"
    finally:
        logging.getLogger().handlers[:] = before


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11ABCDEFG0abcdefghij_klmnop",
        "ATATT3xFfGF0abcdefghijklmnop=12345678",
        "Basic Ym90QGRlbW8uZXhhbXBsZTpzYW5kYm94",
        "https://dana:hunter2@acme.example/",
        "eyJhbGciOiJIUzI1NiIsInR5.eyJzdWIiOiIxMjM0NTY3",
    ],
)
def test_what_looks_like_a_credential_is_not_shown(secret: str) -> None:
    text = redacted(f"before {secret} after")
    assert text.startswith("before ") and text.endswith(" after") and "…" in text
    assert secret.removeprefix("Basic ").removeprefix("https://")[:14] not in text


@given(st.text(alphabet="abc defg.,:/-", max_size=80))
def test_ordinary_words_stay(text: str) -> None:
    assert redacted(text) == text
