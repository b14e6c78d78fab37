"""`documents = { git = … }`: documents that are pulled from a git repository before they are read."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Discriminator, Field, Tag

from okrsync.settings.tables import Table, Text

_BRANCH = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._/+-]*[A-Za-z0-9_+-])?")


def _right_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"https", "ssh", "file"} or (parts.scheme != "file" and not host):
        raise ValueError(
            "an address such as https://git.acme.example/okrs.git, ssh://git@git.acme.example/okrs.git or file:///srv/okrs"
        )
    if parts.password is not None or (parts.username is not None and parts.scheme != "ssh"):
        raise ValueError("an address without credentials; git's own credential helper, or an SSH key, keeps them")
    if parts.query or parts.fragment:
        raise ValueError("an address without query and fragment")
    return text


def _right_branch(name: str) -> str:
    if not _BRANCH.fullmatch(name) or ".." in name or "//" in name or name.endswith(".lock"):
        raise ValueError("the name of a branch such as main")
    return name


def _inside(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or ".git" in path.parts:
        raise ValueError("a folder inside the repository, such as okrs")
    return text


class GitDocuments(Table):
    """Documents in a git repository."""

    git: Annotated[Text, AfterValidator(_right_address)] = Field(
        description="The address of the repository: https, ssh or file, without credentials."
    )
    branch: Annotated[Text, AfterValidator(_right_branch)] = Field(
        default="main", description="The branch that is read."
    )
    path: Annotated[Text, AfterValidator(_inside)] = Field(
        default=".", description="The folder of the documents in the repository."
    )


FOLDER, GIT = "[folder]", "[git]"
"""What pydantic puts into the place of an error to tell the two forms apart."""


def _form(value: Any) -> str:
    return GIT if isinstance(value, dict | GitDocuments) else FOLDER


DocumentsPlace = Annotated[Annotated[Text, Tag(FOLDER)] | Annotated[GitDocuments, Tag(GIT)], Discriminator(_form)]
