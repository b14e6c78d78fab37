"""Writing what a command was told into documents, at once and with comments kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.endings import FAILED
from okrsync.cli.working import Ended

if TYPE_CHECKING:
    from okrsync.app import Workspace
    from okrsync.documents.edit import Value
    from okrsync.domain.okr import Source
    from okrsync.domain.ref import Ref


class Recorder:
    """Writes into the documents of a workspace, as it read them; what somebody else changed meanwhile is left alone."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._digests = {shown: file.digest for shown, file in workspace.documents.files.items()}

    def write(self, ref: Ref, source: Source, values: Mapping[str, Value]) -> None:
        """Set keys of an objective or key result in its document.

        Raises:
            Ended: the document was changed meanwhile, or cannot be written.
        """
        from okrsync.documents.edit import EditRefused, set_values

        path = self._workspace.documents.files[source.file].path
        try:
            self._digests[source.file] = set_values(path, ref.local, values, self._digests[source.file])
        except EditRefused as refused:
            raise Ended(f"{ref} was not written: {refused}", FAILED) from refused


def one_line(text: str, option: str) -> str:
    """A text that fits into a document as one line.

    Raises:
        click.BadParameter: it does not.
    """
    from okrsync.documents.forms import LINE

    return _read(LINE, " ".join(text.split()), option)


def prose(text: str, option: str) -> str:
    """A text that fits into a document, of several lines perhaps.

    Raises:
        click.BadParameter: it does not.
    """
    from okrsync.documents.forms import PROSE

    return _read(PROSE, text, option)


def _read(form: Any, text: str, option: str) -> str:
    from okrsync.documents.forms import WrongValue

    try:
        return str(form.read(text)) if text else ""
    except WrongValue as wrong:
        raise click.BadParameter(f"{wrong.found}; expected {wrong.right}", param_hint=option) from wrong
