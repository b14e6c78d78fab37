"""Changing objectives and key results in a document: comments, order and everything else stay, and a file is replaced
whole."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Date, DateTime, InlineTable, Item

from okrsync.documents.forms import Key, WrongValue
from okrsync.documents.keys import KEY_RESULT, OBJECTIVE
from okrsync.problems import Problems, listed
from okrsync.toml_files import digest_of, read_bytes
from okrsync.toml_lines import Path as TomlPath
from okrsync.toml_lines import lines_of

EDITABLE = (
    "title",
    "why",
    "origin",
    "aligns_to",
    "contributes",
    "stage",
    "audience",
    "due",
    "owner",
    "reviewed_by",
    "retrospective",
)
"""The keys of an objective that can be changed, in the order in which they are written."""
EDITABLE_OF_KEY_RESULTS = ("title", "baseline", "target", "unit", "owner", "due", "target_changes", "score")
"""The keys of a key result that can be changed, in the order in which they are written."""

Parsed = TypeVar("Parsed")

Value = str | bool | float | date | Sequence[Any] | Mapping[str, Any] | None
"""What a key can be set to, as TOML has it; tables are written in one line each."""

_BOM = "\ufeff"
_EXACT = 2**53
_LAYOUT = re.compile(r"(?P<indent>[ \t]*)(?P<key>[A-Za-z0-9_-]+[ \t]*)=")


class EditRefused(Exception):
    """The document was left as it is; the text says why."""


class DocumentChanged(EditRefused):
    """The document is no longer what it was when it was read."""


def set_values(path: Path, local_ref: str, values: Mapping[str, Value], expected_digest: str) -> str:
    """Set keys of an objective or key result in the document at `path`; None and empty text remove a key.

    `local_ref` names it without its cycle: `objective` or `objective/key-result`. `expected_digest` is the digest of
    the document as it was read (`TomlFile.digest`). The answer is its new digest.

    Raises:
        DocumentChanged: the file is another by now, or is gone.
        EditRefused: no such thing is in it, a value cannot stand in a document, or the file cannot be written.
    """
    shown = path.name
    keys = KEY_RESULT if "/" in local_ref else OBJECTIVE
    right_values = {name: _right(keys, name, value) for name, value in values.items()}
    try:
        content = read_bytes(path, shown)
    except Problems as problems:
        raise DocumentChanged(str(problems)) from problems
    if digest_of(content) != expected_digest:
        raise _changed(shown)
    text = content.decode("utf-8")
    bom = _BOM if text.startswith(_BOM) else ""
    changed = bom + changed_text(text.removeprefix(_BOM), local_ref, right_values, shown)
    if changed != text:
        replace_document(path.resolve(), changed.encode("utf-8"), expected_digest)
    return digest_of(changed.encode("utf-8"))


def changed_text(text: str, local_ref: str, values: Mapping[str, Any], shown: str) -> str:
    """The document `text` with the keys of an objective or key result set, or removed where the value is None.

    Raises:
        EditRefused: no such thing is in it, or it cannot be changed without changing more.
    """
    wanted = tomllib.loads(text)
    place = _place(wanted, local_ref, shown)
    table = _at(wanted, place)
    editable = EDITABLE_OF_KEY_RESULTS if "/" in local_ref else EDITABLE
    new = [name for name in editable if values.get(name) is not None and name not in table]
    try:
        changed = _with_values(text, place, {name: value for name, value in values.items() if name in table})
        for name in new:
            changed = _with_key(changed, place, name, values[name])
    except TOMLKitError as error:
        raise _unsafe(shown, local_ref, values) from error
    table.update(values)
    for name in [name for name in values if values[name] is None]:
        del table[name]
    if tomllib.loads(changed) != wanted:
        raise _unsafe(shown, local_ref, values)
    return changed


def _place(data: Mapping[str, Any], local_ref: str, shown: str) -> TomlPath:
    """Where in a document the table of an objective or key result is."""
    objective_id, _, key_result_id = local_ref.partition("/")
    place: TomlPath = ()
    for name, wanted in (("objectives", objective_id), ("key_results", key_result_id)):
        if not wanted:
            break
        tables = _at(data, place).get(name, ())
        found = [index for index, each in enumerate(tables) if each.get("id") == wanted]
        if not found:
            raise EditRefused(f"{shown}: has no {'key result' if place else 'objective'} {local_ref!r}")
        place = (*place, name, found[0])
    return place


def _at(data: Any, place: TomlPath) -> Any:
    for step in place:
        data = data[step]
    return data


def _with_values(text: str, place: TomlPath, values: Mapping[str, Any]) -> str:
    """The text with keys that are there set, or removed."""
    document = _parsed(text)
    table = _at(document, place)
    for name, value in values.items():
        if value is None:
            del table[name]
        elif table[name] != value:
            table[name] = _item(value)
    return tomlkit.dumps(document)


def _with_key(text: str, header: TomlPath, name: str, value: Any) -> str:
    """The text with a key that is not there, below the one that it follows by custom.

    tomlkit would put it behind the comments of whatever stands next in the file.
    """
    lines = lines_of(text)
    wanted = tomllib.loads(text)
    _at(wanted, header)[name] = value
    names = list(KEY_RESULT if "key_results" in header else OBJECTIVE)
    custom = names[: names.index(name)]
    for path in [*((*header, before) for before in reversed(custom)), header]:
        if path not in lines:
            continue
        written = text.split("\n")
        written.insert(lines[path], _statement(written[lines[path] - 1], name, value))
        changed = "\n".join(written)
        # Below a text of several lines is not below its first line.
        with contextlib.suppress(tomllib.TOMLDecodeError):
            if tomllib.loads(changed) == wanted:
                return changed
    document = _parsed(text)
    _at(document, header)[name] = _item(value)
    return tomlkit.dumps(document)


def _statement(above: str, name: str, value: Any) -> str:
    """A line that sets a key, laid out as the line `above` it."""
    layout = _LAYOUT.match(above)
    indent, width = (layout["indent"], len(layout["key"])) if layout else ("", 0)
    end = "\r" if above.endswith("\r") else ""
    return f"{indent}{name.ljust(width - 1)} = {_item(value).as_string()}{end}"


def _item(value: Any) -> Item:
    if isinstance(value, str) and "\n" in value:
        return tomlkit.string(value, multiline=True)
    item: Item
    if isinstance(value, dict):
        pairs = ", ".join(f"{name} = {_item(each).as_string()}" for name, each in value.items())
        item = _spaced(tomlkit.value(f"{{ {pairs} }}"))
    elif isinstance(value, list):
        item = tomlkit.array()
        item.extend([_item(each) for each in value])
        if any(isinstance(each, dict) for each in value):
            item.multiline(multiline=len(value) > 1)
    else:
        item = tomlkit.item(value)
    return item


def _parsed(text: str) -> TOMLDocument:
    """A document that is written back as it is, byte for byte."""
    return _spaced(tomlkit.parse(text))


def _spaced(parsed: Parsed) -> Parsed:
    """With the space behind dates in inline tables, which tomlkit reads and forgets to write: `{ on = 2026-12-31 }`."""
    within = parsed.values() if isinstance(parsed, Mapping) else parsed if isinstance(parsed, list) else ()
    for each in within:
        _spaced(each)
        if isinstance(parsed, InlineTable) and isinstance(each, Date | DateTime):
            each.trivia.trail = each.trivia.comment_ws
    return parsed


def _plain(value: Any) -> Any:
    """A value as TOML has it: whole numbers without a point, and nothing that is absent."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value


def _right(keys: Mapping[str, Key], name: str, value: Value) -> Any:
    if name not in (EDITABLE if keys is OBJECTIVE else EDITABLE_OF_KEY_RESULTS):
        raise ValueError(f"{name} is not a key that is edited")
    key = keys[name]
    if value is None or (isinstance(value, str) and not value.strip()):
        if key.required:
            raise EditRefused(f"{name} is empty, but every objective and key result has one")
        return None
    try:
        return _plain(key.form.read(_plain(value)))
    except WrongValue as wrong:
        raise EditRefused(f"{name} {wrong.found}; expected {wrong.right}") from wrong


def _unsafe(shown: str, local_ref: str, values: Mapping[str, Any]) -> EditRefused:
    return EditRefused(
        f"{shown}: {local_ref!r} is written in a way that cannot be changed safely; set {listed(values, 'and')} by hand"
    )


def _changed(shown: str) -> DocumentChanged:
    return DocumentChanged(f"{shown}: changed while okrsync worked on it, and was left alone; run the command again")


def replace_document(path: Path, content: bytes, expected_digest: str) -> None:
    """Put a whole new file in the place of the old one, with its owner and mode: nobody ever reads half of one.

    Raises:
        DocumentChanged: the old one's digest is another than the expected one.
        EditRefused: it cannot be written.
    """
    try:
        about = path.stat()
        # A hidden name: a document that is being written is no document yet.
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor is no path
                with contextlib.suppress(PermissionError):
                    os.fchown(descriptor, about.st_uid, about.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(about.st_mode))
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            if digest_of(path.read_bytes()) != expected_digest:
                raise _changed(path.name)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise EditRefused(f"{path.name}: cannot be written: {error.strerror or error}") from error


def _sync_folder(folder: Path) -> None:
    """Make a replacement outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
