"""Logs as entries of systemd's journal, and what is part of every line for a while."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from okrsync.cli import journal, logs
from okrsync.cli.voice import Voice


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "journal"))
        heard.settimeout(5)
        monkeypatch.setattr(journal.send, "__defaults__", (str(tmp_path / "journal"),))
        yield heard


def parsed(datagram: bytes) -> dict[str, str]:
    """An entry as the journal reads it: NAME=value, or NAME, the length in eight bytes, and the value."""
    fields, rest = {}, datagram
    while rest:
        name, sign, rest = _until(rest)
        if sign == b"=":
            value, _, rest = rest.partition(b"\n")
        else:
            length = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + length], rest[9 + length :]
        fields[name.decode()] = value.decode()
    return fields


def _until(rest: bytes) -> tuple[bytes, bytes, bytes]:
    end = min(at for at in (rest.find(b"="), rest.find(b"\n")) if at >= 0)
    return rest[:end], rest[end : end + 1], rest[end + 1 :]


def test_facts_become_fields_that_one_can_ask_for(line: socket.socket, capsys: pytest.CaptureFixture[str]) -> None:
    Voice("journal").fail("work/PLAT fails:\nno answer, Bearer abcdefghijklmnop", what="mapping-failed", held=[1, 2])
    fields = parsed(line.recv(10_000))
    assert fields == {
        "MESSAGE": "work/PLAT fails:\nno answer, Bearer …",
        "PRIORITY": "3",
        "SYSLOG_IDENTIFIER": "okrsync",
        "OKRSYNC_WHAT": "mapping-failed",
        "OKRSYNC_HELD": "[1, 2]",
    }
    assert capsys.readouterr().err == ""


def test_what_the_journal_does_not_take_is_written_as_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(journal.send, "__defaults__", (str(tmp_path / "nobody"),))
    Voice("journal").note("up", what="started")
    assert json.loads(capsys.readouterr().err)["what"] == "started"


def test_only_what_goes_to_the_journal_itself_is_for_the_journal(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as file:
        about = os.fstat(file.fileno())
        right = {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"}
        assert journal.is_journal(file.fileno(), right)
        assert not journal.is_journal(file.fileno(), {})
        assert not journal.is_journal(file.fileno(), {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino + 1}"})
        number = file.fileno()
    assert not journal.is_journal(number, right)


def test_every_line_of_a_run_has_its_run(capsys: pytest.CaptureFixture[str]) -> None:
    logs.hear_libraries("json", verbose=False)
    try:
        logs.bind(run="abc")
        Voice("json").note("one")
        logging.getLogger("a.library").warning("two")
        logs.bind(run=None)
        Voice("json").note("three")
    finally:
        logs.bind(run=None)
        root = logging.getLogger()
        root.handlers = [each for each in root.handlers if type(each).__module__ != logs.__name__]
    lines = [json.loads(each) for each in capsys.readouterr().err.splitlines()]
    assert [(each["event"], each.get("run")) for each in lines] == [("one", "abc"), ("two", "abc"), ("three", None)]
