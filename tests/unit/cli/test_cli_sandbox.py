"""`okrsync sandbox` where it cannot begin."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Okrsync


@pytest.mark.parametrize("option", ["--port-base", "--jira-port"])
def test_a_taken_port_leads_to_the_option_that_named_it(option: str, folder: Path, okrsync: Okrsync) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = okrsync("sandbox", "--fresh", "--only", "jira-cloud", option, str(port))
    assert said.code == 1 and f"port {port}, " in said.err and f"choose another port with {option} " in said.err, said
