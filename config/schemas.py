"""Writes the JSON Schemas that lie beside this file, from the code that reads what they describe.

Run it from the top of the tree: python config/schemas.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from okrsync.documents.schema import document_schema
from okrsync.settings.schema import settings_schema


def schemas() -> dict[str, str]:
    """The name of each file, and what belongs into it."""
    described: dict[str, dict[str, Any]] = {
        "okr-document.schema.json": document_schema(),
        "okrsync.schema.json": settings_schema(),
    }
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in described.items()}


def write_schemas(folder: Path) -> None:
    """Write every schema into `folder`."""
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(__file__).resolve().parent)
