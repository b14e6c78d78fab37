"""What the demo company plans: a workspace folder, written from the files in `workspace/`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date, timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from okrsync.domain.cycle import Cycle
from okrsync.sandbox.company.founding import BOARD, PROJECT, REPOSITORY
from okrsync.sandbox.company.premises import FOLDER, JIRA_USER, LOCK, SiteName

WORKSPACE = "acme"
CYCLE = "demo"
WEEKS = 13
"""How long the cycle is: a quarter."""

SETTINGS, DOCUMENTS, IGNORE = "okrsync.toml", "okrs", ".gitignore"
_CACHE = "okrsync.db*"
_ROLES = 'baseline = "KR baseline", target = "KR target", current = "KR current", progress = "OKR progress"'
_IGNORED = f"# The cache and the sandbox belong to this machine.\n{_CACHE}\n.{_CACHE}\n{FOLDER}/\n"


def cycle_from(start: date) -> Cycle:
    """The demo's cycle, a quarter that begins on `start`."""
    return Cycle(start, start + timedelta(weeks=WEEKS, days=-1), CYCLE)


def write_workspace(folder: Path, urls: Mapping[SiteName, str], cycle: Cycle) -> list[Path]:
    """Write settings and documents into `folder`; the files, in the order in which one reads them.

    Raises:
        FileExistsError: one of them is there already.
    """
    values = {
        "cycle": cycle.name,
        "start": cycle.start.isoformat(),
        "end": cycle.end.isoformat(),
        "jira_cloud": urls[SiteName.JIRA_CLOUD],
        "jira_dc": urls[SiteName.JIRA_DC],
        "github": urls[SiteName.GITHUB],
    }
    values |= {f"week_{week}": str(cycle.start + timedelta(weeks=week)) for week in range(1, WEEKS)}
    source = resources.files("okrsync.sandbox.company") / "workspace"
    texts = {Path(SETTINGS): _filled(source / SETTINGS, values)}
    for document in sorted((source / DOCUMENTS).iterdir(), key=lambda each: each.name):
        texts[Path(DOCUMENTS, document.name)] = _filled(document, values)
    texts[Path(IGNORE)] = _IGNORED
    (folder / DOCUMENTS).mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        with (folder / path).open("x", encoding="utf-8") as file:
            file.write(text)
    return list(texts)


def _filled(source: Traversable, values: Mapping[str, str]) -> str:
    return Template(source.read_text(encoding="utf-8")).substitute(values)


_JIRA_MAPPING = f"""\
project     = "{PROJECT}"
objectives  = {{ as = "epic" }}
key_results = {{ as = "issues", type = "Task" }}
fields      = {{ {_ROLES} }}
"""
_GITHUB_MAPPING = f"""\
project     = "{REPOSITORY}"
objectives  = {{ as = "milestone" }}
key_results = {{ as = "issues", labels = ["key-result"] }}
fields      = {{ project_board = "{BOARD}", {_ROLES} }}
"""
_TABLES = {
    SiteName.JIRA_CLOUD: ("work", f'type  = "jira"\nuser  = "{JIRA_USER}"', _JIRA_MAPPING),
    SiteName.JIRA_DC: ("house", 'type  = "jira"', _JIRA_MAPPING),
    SiteName.GITHUB: ("code", 'type  = "github"', _GITHUB_MAPPING),
}


def settings_for(urls: Mapping[SiteName, str], token_variable: str) -> str:
    """The tables of okrsync.toml for furnished sites: each is a tracker, and takes the OKRs of a team of its name."""
    tables = []
    for name, url in urls.items():
        tracker, kind, mapping = _TABLES[name]
        tables.append(
            f'[trackers.{tracker}]\n{kind}\nurl   = "{url}"\ntoken = {{ env = "{token_variable}" }}\n\n'
            f'[[mappings]]\nmatch       = {{ team = "{tracker}" }}\ntracker     = "{tracker}"\n{mapping}'
        )
    return "\n".join(tables)


def clear_workspace(folder: Path) -> None:
    """Remove what a demo makes in its folder, and nothing else; the lock of its sandbox stays."""
    shutil.rmtree(folder / DOCUMENTS, ignore_errors=True)
    in_sandbox = (path for path in folder.glob(f"{FOLDER}/*") if path.name != LOCK)
    for path in (folder / SETTINGS, folder / IGNORE, *folder.glob(_CACHE), *folder.glob(f".{_CACHE}"), *in_sandbox):
        path.unlink(missing_ok=True)
