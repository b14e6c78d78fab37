"""The pages about measures as readers use them: what they show comes out, and every measure has its page."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import pytest

from okrsync.cli.program import run
from okrsync.engine.measuring import SOURCES
from okrsync.trackers.plugins import load_plugins
from tests.system.pages import DOCS, blocks, text_of

PLUGIN = DOCS / "how-to" / "write-a-measure-plugin.md"


def test_every_measure_has_a_page_with_an_example() -> None:
    pages = [*(DOCS / "how-to").glob("measure-by-*.md")]
    shown = {page: "".join(block.text for block in blocks(page, "toml")) for page in pages}
    for measure in (*SOURCES, *load_plugins().measures):
        assert any(f'from = "{measure}"' in text for text in shown.values()), measure
    index = text_of(DOCS / "index.md")
    assert all(page.name in index for page in pages)


@pytest.fixture
def tides(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin of the page, installed."""
    hook, source = (block.text for block in blocks(PLUGIN, "python"))
    for name, text in (("okrsync_tides", hook), ("okrsync_tides.source", source)):
        module = ModuleType(name)
        exec(compile(text, name, "exec"), module.__dict__)
        monkeypatch.setitem(sys.modules, name, module)

    class Installed:
        name = "tides"
        dist = None

        def load(self) -> ModuleType:
            return sys.modules["okrsync_tides"]

    monkeypatch.setattr(
        "okrsync.trackers.plugins.entry_points", lambda group: [*entry_points(group=group), Installed()]
    )


@pytest.mark.usefixtures("tides")
def test_the_measure_plugin_of_the_page_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (measure,) = [block.text for block in blocks(PLUGIN, "toml fragment") if "measure" in block.text]
    (tmp_path / "okrs").mkdir()
    (tmp_path / "okrsync.toml").write_text('workspace = "acme"\n')
    document = tmp_path / "okrs" / "team.toml"
    document.write_text(f'cycle = "2026-Q4"\nlevel = "team"\n[[kpis]]\nid = "tide"\ntitle = "Tide"\nmax = 4\n{measure}')
    assert run(["pull"]) == 0
    assert run(["explain", "2026-Q4/tide"]) == 0
    said = capsys.readouterr().out
    assert "from tide at hamburg, https://tides.example/hamburg" in said and "gauge: main" in said

    document.write_text(document.read_text().replace("hamburg", "husum"))
    assert run(["pull"]) == 1
    assert "okrs/team.toml:3: there is no gauge at husum; the last known value stays" in capsys.readouterr().err
    document.write_text(document.read_text().replace("husum", "bonn"))
    assert run(["check"]) == 2
    assert (
        "okrs/team.toml:3" in (err := capsys.readouterr().err) and "harbour is 'bonn'; expected hamburg or husum" in err
    )
