"""Tables of sources in okrsync.toml: addresses without credentials, secrets from where they are kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from okrsync.problems import Problems
from okrsync.settings import check, load
from okrsync.settings.against import source_table
from okrsync.settings.secrets import secrets_of
from okrsync.trackers.sources import SourceTable

CANARY = "c4n4ry-5ecr3t-value"
START = 'workspace = "a"\n[sources.stats]\ntype = "http"\n'


def told(folder: Path, text: str) -> list[str]:
    (folder / "okrsync.toml").write_text(START + text)
    settings, problems = check(folder / "okrsync.toml", folder)
    assert (settings is None) is bool(problems)
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    "text",
    [
        "",
        'url = "https://stats.acme.example/api"\ntoken = { env = "T" }',
        'url = "http://localhost:9090"',
        'url = "http://[::1]:9090"',
        'url = "postgresql+psycopg://db.acme.example:5432/warehouse?sslmode=verify-full"',
        'url = "sqlite:///metrics.db"',
        'url = "postgresql:///warehouse?host=/run/postgresql"',
        'user = "dana"\npassword = { command = ["pass", "show", "x"] }',
        'timeout = "10m"\nca_file = "~/ca.pem"\nfolder = "/srv/exports"',
    ],
)
def test_what_a_source_may_say(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'url = "stats.acme.example"',
            "sources.stats.url: is 'stats.acme.example'; expected an address such as https://",
        ),
        ('url = "https://"', "expected an address such as https://"),
        ('url = "https://[x"', "expected an address such as https://"),
        ('url = "http://stats.acme.example"', "expected https: without it, anybody on the way reads and changes"),
        ('url = "https://dana@stats.acme.example"', "expected an address without user and password; they have keys of"),
        ("url = 3", "sources.stats.url: is 3; expected text in quotes"),
        ('timeout = "11m"', "sources.stats.timeout: is '11m'; expected a span of time of at most 10m"),
        ("timeout = 30", "sources.stats.timeout: is 30; expected a span of time such as 15m"),
        ('token = { env = "T" }\nuser = "u"\npassword = { env = "P" }', "expected a token, or user and password"),
        ('password = { env = "P" }', "expected user beside password"),
        ('token = { envv = "T" }', "okrsync.toml:4: sources.stats.token: "),
        ('token = { env = "T", file = "t" }', "expected exactly one of env, file, keyring, command and credential"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, text: str, said: str) -> None:
    assert said in "\n".join(told(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        f'token = "{CANARY}"',
        f'password = "{CANARY}"',
        f'api_key = "{CANARY}"',
        f'url = "https://dana:{CANARY}@stats.acme.example"',
        f'url = "postgresql+psycopg://dana:{CANARY}@db.acme.example/w"',
        f'url = "postgresql://db.acme.example/w?user=dana&password={CANARY}"',
        f'url = "https://stats.acme.example/x?api_key={CANARY}"',
        f'url = "mysql://db.acme.example/w?sslpassword={CANARY}"',
        f'url = "http://stats.acme.example/x?access_token={CANARY}"',
    ],
)
def test_a_literal_credential_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    (message,) = told(tmp_path, text)
    assert "sources.stats" in message
    assert "not shown here" in message
    assert CANARY not in message


def test_a_credential_beside_the_ways_to_keep_one_is_not_shown(tmp_path: Path) -> None:
    (message,) = told(tmp_path, f'user = "u"\npassword = {{ value = "{CANARY}" }}')
    assert "'value' is not a key; expected one of env, file, keyring, command or credential" in message
    assert CANARY not in message


def test_a_source_without_a_type_is_told(tmp_path: Path) -> None:
    (tmp_path / "okrsync.toml").write_text('workspace = "a"\n[sources.stats]\nurl = "https://x.example"\n')
    (problem,) = check(tmp_path / "okrsync.toml", tmp_path)[1]
    assert "okrsync.toml:2: sources.stats: has no type. Add type: The measure that reads it" in str(problem)


def test_a_plugin_is_told_all_but_the_secrets(tmp_path: Path) -> None:
    text = 'url = "https://s.example/api/"\nuser = "u"\npassword = { env = "P" }\nca_file = "ca.pem"\nheader = "X"\n'
    assert told(tmp_path, text + 'timeout = "5s"') == []
    settings = load(tmp_path / "okrsync.toml", tmp_path)
    assert settings.sources["stats"].timeout == timedelta(seconds=5)
    assert (settings.sources["stats"].source.file, settings.sources["stats"].source.line) == ("okrsync.toml", 2)
    assert source_table(settings, "stats") == SourceTable(
        name="stats",
        url="https://s.example/api",
        user="u",
        has_password=True,
        ca_file=str(tmp_path / "ca.pem"),
        timeout=5.0,
        options={"header": "X"},
    )


def test_token_and_password_come_from_where_they_are_kept(tmp_path: Path) -> None:
    assert (
        told(tmp_path, 'user = "u"\npassword = { env = "P" }\n[sources.other]\ntype = "http"\ntoken = { env = "T" }')
        == []
    )
    settings = load(tmp_path / "okrsync.toml", tmp_path)
    nothing, password = secrets_of(settings, "stats", {"P": CANARY})
    token, none = secrets_of(settings, "other", {"T": CANARY})
    assert (nothing, none) == (None, None)
    assert password is not None and password.reveal() == CANARY
    assert token is not None and token.reveal() == CANARY
    assert CANARY not in f"{settings!r}{token!r}{password}"


def test_a_secret_that_is_not_there_is_named_by_its_place(tmp_path: Path) -> None:
    assert told(tmp_path, 'user = "u"\npassword = { env = "P" }') == []
    with pytest.raises(Problems) as caught:
        secrets_of(load(tmp_path / "okrsync.toml", tmp_path), "stats", {})
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.where) == ("okrsync.toml", 2, "sources.stats.password")
    assert "the environment variable P is not set" in problem.found
