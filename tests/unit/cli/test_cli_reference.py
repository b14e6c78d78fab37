"""The reference pages about commands, metrics and settings are written by the code that they describe."""

from __future__ import annotations

from pathlib import Path

import pytest
from cogapp import Cog

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize("page", ["commands.md", "metrics.md", "settings.md"])
def test_the_page_is_up_to_date(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    cog = Cog()
    code = cog.main(["cog", "--check", str(REFERENCE / page)])
    assert code == 0, f"{capsys.readouterr().out}run `make docs`"
