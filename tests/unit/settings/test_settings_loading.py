"""What okrsync.toml gives, and where it is found."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from okrsync.domain.okr import Kpi, Level, Objective, Source
from okrsync.domain.ref import Ref
from okrsync.problems import Problems
from okrsync.settings import MappingSettings, Settings, find, load
from okrsync.trackers.values import Scope

CONTRACT = """\
workspace = "acme"            # part of every marker
documents = "okrs"
cache     = "okrsync.db"

[schedule]
pull      = "15m"             # or a cron expression
reconcile = "0 3 * * *"

[trackers.work]
type  = "jira"
url   = "https://acme.atlassian.net/"
user  = "okr-bot@acme.example"
token = { env = "OKRSYNC_JIRA_TOKEN" }

[trackers.code]
type  = "github"
url   = "https://api.github.com"
token = { env = "OKRSYNC_GITHUB_TOKEN" }
write_interval = 1

[[mappings]]
match       = { team = "platform" }
tracker     = "work"
project     = "PLAT"
objectives  = { as = "epic" }
key_results = { as = "issues", type = "Task" }
fields      = { progress = "OKR progress", baseline = "KR baseline", target = "KR target", current = "KR current" }
authority   = "documents"

[[mappings]]
match       = { team = "web" }
tracker     = "code"
project     = "acme/web"
objectives  = { as = "milestone" }
key_results = { as = "issues", labels = ["key-result"] }
fields      = { project_board = "acme/1", current = "KR current" }
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "okrsync.toml"
    path.write_text(CONTRACT)
    return path


def objective(team: str | None = None, owner: str | None = None, ref: str = "2026-Q4/one") -> Objective:
    return Objective(Ref.parse(ref), "One", Level.TEAM, date(2026, 12, 31), team=team, owner=owner)


def mapping_of(path: Path, text: str) -> MappingSettings:
    start = 'workspace = "acme"\n[trackers.t]\ntype = "x"\ntoken = { env = "T" }\n[[mappings]]\ntracker = "t"\n'
    path.write_text(start + 'project = "P"\nobjectives = { as = "epic" }\n' + text)
    return load(path).mappings[0]


def test_the_settings_of_the_contract_are_read(path: Path) -> None:
    settings = load(path, path.parent)

    assert (settings.workspace, settings.path, settings.folder) == ("acme", path, path.parent)
    assert settings.documents_folder == path.parent / "okrs"
    assert settings.cache_file == path.parent / "okrsync.db"
    assert (settings.schedule.pull, settings.schedule.reconcile) == (timedelta(minutes=15), "0 3 * * *")
    work, code = settings.trackers["work"], settings.trackers["code"]
    assert (work.type, work.url, work.user) == ("jira", "https://acme.atlassian.net", "okr-bot@acme.example")
    assert (work.token.env, work.source) == ("OKRSYNC_JIRA_TOKEN", Source("okrsync.toml", 9))
    assert (code.user, code.source, code.options) == (None, Source("okrsync.toml", 15), {"write_interval": 1})
    platform, web = settings.mappings
    assert (platform.source, web.source) == (Source("okrsync.toml", 21), Source("okrsync.toml", 30))
    assert (platform.authority, platform.publish_progress) == ("documents", False)
    assert list(platform.field_names.items()) == [
        ("baseline", "KR baseline"),
        ("target", "KR target"),
        ("current", "KR current"),
        ("progress", "OKR progress"),
    ]
    assert (web.field_names, web.board) == ({"current": "KR current"}, "acme/1")


def test_only_the_workspace_must_be_said(path: Path) -> None:
    path.write_text('workspace = "acme"\n')
    settings = load(path)
    assert (settings.documents, settings.cache, settings.check_in_period) == ("okrs", "okrsync.db", timedelta(days=7))
    assert (settings.schedule.pull, settings.schedule.reconcile) == (timedelta(minutes=15), "0 3 * * *")
    assert (settings.safety.share_gone, settings.safety.at_least) == (0.2, 5)
    assert (settings.trackers, settings.mappings, settings.named_cycles, settings.audiences) == ({}, (), {}, {})
    assert settings.plugins.allow is None
    assert settings.mapping_for(objective("platform")) is None


def test_settings_are_frozen(path: Path) -> None:
    settings = load(path)
    with pytest.raises(ValidationError):
        settings.workspace = "other"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        settings.mappings[0].project = "OTHER"  # type: ignore[misc]


def test_cycles_and_audiences_are_named(path: Path) -> None:
    path.write_text(
        'workspace = "a"\n[cycles.spring-26]\nstart = 2026-02-01\nend = 2026-04-30\n[audiences]\nboard = ["dana"]\n'
    )
    settings = load(path)
    assert settings.named_cycles == {"spring-26": (date(2026, 2, 1), date(2026, 4, 30))}
    assert settings.audiences == {"board": ("dana",)}


def test_paths_start_from_the_settings_or_from_home(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/dana")
    settings = load(path)
    assert settings.path_of("../x") == path.parent / "../x"
    assert settings.path_of("/var/x") == Path("/var/x")
    assert settings.path_of("~/x") == Path("/home/dana/x")


@pytest.mark.parametrize(
    ("match", "owned", "fits"),
    [
        ("", objective(), True),
        ('match = { team = "platform" }', objective("platform"), True),
        ('match = { team = "plat*" }', objective("platform"), True),
        ('match = { team = "Platform" }', objective("platform"), False),
        ('match = { team = "platform" }', objective(None), False),
        ('match = { team = "*" }', objective(None), True),
        ('match = { level = "team" }', objective(), True),
        ('match = { level = "company" }', objective(), False),
        ('match = { level = "[ti]*" }', objective(), True),
        ('match = { owner = "d?na" }', objective(owner="dana"), True),
        ('match = { id = "on*", cycle = "2026-*" }', objective(), True),
        ('match = { id = "on*", cycle = "2027-*" }', objective(), False),
        ('match = { team = "web", owner = "dana" }', objective("web", "robin"), False),
        ('match = { id = "up" }', Kpi(Ref("2026-Q4", "up"), "Up"), True),
    ],
)
def test_a_mapping_is_for_what_matches_every_pattern(
    path: Path, match: str, owned: Objective | Kpi, fits: bool
) -> None:
    assert mapping_of(path, match).match.fits(owned) is fits


def test_the_first_mapping_that_matches_counts(path: Path) -> None:
    path.write_text(CONTRACT + CONTRACT[CONTRACT.index("[[mappings]]") :].replace("PLAT", "OTHER"))
    settings = load(path)
    assert settings.mapping_for(objective("platform")) is settings.mappings[0]
    assert settings.mapping_for(objective("web")) is settings.mappings[1]
    assert settings.mapping_for(objective("sales")) is None


def test_a_mapping_makes_the_scope_of_its_tracker(path: Path) -> None:
    mapping = mapping_of(
        path,
        'objectives.type = "Initiative"\n'.replace("objectives.type", "key_results.type")
        + 'key_results.labels = ["kr"]\nfields = { current = "C", baseline = "B", project_board = "acme/1" }\n',
    )
    assert mapping.scope(["Hidden", "C"], ["Points"]) == Scope(
        project="P",
        objective_form="epic",
        key_result_form="issues",
        key_result_type="Initiative",
        labels=("kr",),
        fields=("B", "C", "Hidden"),
        objective_fields=("Points",),
        measured=("Hidden",),
        board="acme/1",
    )
    assert mapping.scope(["Hidden", "C"], ["Points"]).of_the_mapping() == mapping.scope(["C"], ["Points"])


def test_key_results_as_fields_are_read_on_the_objective(path: Path) -> None:
    mapping = mapping_of(path, 'key_results = { as = "fields" }\nfields = { progress = "P" }')
    scope = mapping.scope(["NPS", "Rating"])
    assert (scope.key_result_form, scope.fields, scope.objective_fields) == ("fields", (), ("NPS", "Rating"))
    assert scope.of_the_mapping().objective_fields == ()


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("*/15 8-18 * * mon-fri", "*/15 8-18 * * mon-fri"),
        ("0,30  3 1 1 *", "0,30 3 1 1 *"),
    ],
)
def test_spans_of_time_and_cron_expressions(path: Path, text: str, span: timedelta | str) -> None:
    path.write_text(f'workspace = "a"\n[schedule]\npull = "{text}"\n')
    assert load(path).schedule.pull == span


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.atlassian.net",
        "https://jira.acme.example:8443/jira",
        "http://localhost:8080",
        "http://127.0.0.1:1",
        "http://127.8.8.8",
        "http://[::1]:80",
        "http://jira.localhost",
    ],
)
def test_addresses_that_are_safe(path: Path, url: str) -> None:
    path.write_text(f'workspace = "a"\n[trackers.t]\ntype = "x"\nurl = "{url}"\ntoken = {{ env = "T" }}\n')
    assert load(path).trackers["t"].url == url


def test_the_settings_are_found_upwards(path: Path) -> None:
    below = path.parent / "okrs" / "teams"
    below.mkdir(parents=True)
    assert find(below) == path
    assert find(path.parent, None, {"OKRSYNC_CONFIG": ""}) == path


def test_a_named_file_comes_before_what_is_found(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "okrsync.toml").write_text(CONTRACT)
    (other / "named.toml").write_text(CONTRACT)
    environment = {"OKRSYNC_CONFIG": str(other / "named.toml")}
    assert find(path.parent, None, environment) == other / "named.toml"
    assert find(path.parent, other, environment) == other / "okrsync.toml"
    assert find(path.parent, None, {"OKRSYNC_CONFIG": "other/named.toml"}) == other / "named.toml"


def test_no_settings_are_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="okrsync init"):
        find(tmp_path)
    with pytest.raises(Problems, match=r"nowhere\.toml: does not exist, but --config names it"):
        find(tmp_path, tmp_path / "nowhere.toml")
    with pytest.raises(Problems, match="does not exist, but OKRSYNC_CONFIG names it"):
        find(tmp_path, None, {"OKRSYNC_CONFIG": "nowhere.toml"})


def test_messages_name_the_file_from_where_people_are(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("workspace = 3")
    monkeypatch.chdir(path.parent)
    with pytest.raises(Problems, match=r"^okrsync\.toml:1: workspace: is 3"):
        load(path)
    with pytest.raises(Problems) as caught:
        load(path, path.parent / "elsewhere")
    assert str(caught.value).startswith(f"{path}:1: ")


def test_importing_settings_does_not_look_for_a_keyring() -> None:
    heavy = "keyring, tenacity, pluggy, tomlkit, jira, github, okrsync.documents"
    code = f"import sys, okrsync.settings; print([m for m in '{heavy}'.split(', ') if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert answer.stdout.strip() == "[]"


def test_the_settings_say_nothing_of_tokens_when_shown(path: Path) -> None:
    assert isinstance(load(path), Settings)
    assert "OKRSYNC_JIRA_TOKEN" in repr(load(path))  # where it is kept, never what it is
