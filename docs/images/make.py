"""Make the terminal captures of this folder: `python docs/images/make.py`.

Runs the demo in a folder of its own, on a day that is always the same, and draws what `okrsync status` and
`okrsync tree` show of it on a terminal.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
import tempfile
from pathlib import Path

import time_machine
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, RenderableType
from rich.segment import Segment, Segments
from rich.terminal_theme import MONOKAI

from okrsync.app import Workspace
from okrsync.cli.program import run
from okrsync.reports.status_table import status_table
from okrsync.reports.tree import alignment
from okrsync.reports.tree_views import tree_picture

HERE = Path(__file__).parent
DAY = "2026-11-15T10:00:00Z"
WIDTH = 120
# Pictures in a README may load nothing: without the font from elsewhere, the reader's own is taken.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "font-family: Fira Code, monospace", "font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
)


def draw(name: str, picture: RenderableType, until: str | None = None) -> None:
    """Write `<name>.svg` with what a terminal shows after `okrsync <name>`, up to the line that begins with `until`."""
    console = Console(width=WIDTH, record=True, file=io.StringIO(), force_terminal=True)
    for line in console.render_lines(picture, pad=False):
        text = "".join(segment.text for segment in line)
        if until is not None and text.startswith(until):
            console.print("…", style="dim")
            break
        console.print(Segments([*line, Segment.line()]), end="")
    svg = console.export_svg(title=f"okrsync {name}", theme=MONOKAI, code_format=FORMAT, unique_id=name)
    (HERE / f"{name}.svg").write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


def main() -> int:
    """Make them all; the exit code."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), time_machine.travel(DAY, tick=True):
        with contextlib.redirect_stdout(io.StringIO()):
            code = run(["demo"])
        if code == 0:
            status = Workspace.load(Path("okrsync-demo")).status()
            draw("status", status_table(status, WIDTH), until="TEAM")
            draw("tree", tree_picture(status, alignment(status)))
    return code


if __name__ == "__main__":
    sys.exit(main())
