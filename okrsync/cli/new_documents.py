"""Documents that commands write: whether they may, and where a new one goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from okrsync.problems import Problem, Problems

if TYPE_CHECKING:
    from okrsync.app import Workspace


def check_writable(workspace: Workspace, what: str) -> None:
    """See that the documents are okrsync's to change; `what` is to be done there: `Propose`.

    Raises:
        Problems: they come from a git repository.
    """
    from okrsync.settings.documents import GitDocuments

    settings = workspace.settings
    if isinstance(settings.documents, GitDocuments):
        found = "the documents come from a git repository, which okrsync only reads"
        do = f"{what} in a working copy of it, with `--config` and settings whose documents are a folder; then commit."
        raise Problems([Problem(settings.path.name, 0, "documents", found, do=do)])


def document_path(workspace: Workspace, out: Path, option: str) -> Path:
    """The whole path of a document that somebody names.

    Raises:
        Problems: no document is read from there.
    """
    folder = workspace.settings.documents_folder
    path = out.absolute()
    inside = path.resolve().is_relative_to(folder.resolve())
    hidden = inside and any(part.startswith(".") for part in path.resolve().relative_to(folder.resolve()).parts)
    if not inside or hidden or path.suffix != ".toml":
        right = f"a file below {folder} whose name ends with .toml and begins with no dot"
        raise Problems([Problem(option, 0, "", f"no document is read from {out}", right)])
    return path
