"""Where in a document the keys of an objective, key result or KPI stand, for messages about single keys."""

from __future__ import annotations

from collections.abc import Mapping

from okrsync.domain.ref import Ref
from okrsync.toml_files import TomlFile
from okrsync.toml_lines import Path as TomlPath
from okrsync.toml_lines import lines_of


class Places:
    """The lines of keys, looked up in a file when somebody asks for the first of them."""

    def __init__(self, files: Mapping[str, TomlFile]) -> None:
        self._files = files
        self._known: dict[str, tuple[dict[TomlPath, int], dict[str, TomlPath]]] = {}

    def line_of(self, file: str, ref: Ref, key: str) -> int:
        """The line of a key in the table of `ref` in a file, as people know the file; 0 where the key is not there."""
        if file not in self._files:
            return 0
        if file not in self._known:
            read = self._files[file]
            self._known[file] = lines_of(read.text), _tables(read)
        lines, tables = self._known[file]
        path = tables.get(ref.local)
        return lines.get((*path, key), 0) if path is not None else 0


def _tables(file: TomlFile) -> dict[str, TomlPath]:
    """The tables of a document by their local references; of two with the same name, the first."""
    found: dict[str, TomlPath] = {}
    for name in ("objectives", "kpis"):
        for index, table in enumerate(_list(file.data.get(name))):
            if isinstance(table, dict) and isinstance(table.get("id"), str):
                here: TomlPath = (name, index)
                found.setdefault(table["id"], here)
                for number, inner in enumerate(_list(table.get("key_results"))):
                    if isinstance(inner, dict):
                        found.setdefault(f"{table['id']}/{inner.get('id')}", (*here, "key_results", number))
    return found


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
