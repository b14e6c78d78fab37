"""Each mistake in okrsync.toml is told with its line, what is right, and what was perhaps meant; credentials never."""

from __future__ import annotations

from pathlib import Path

import pytest

from okrsync.problems import Problems
from okrsync.settings import check, load

START = 'workspace = "a"\n'
TRACKER = START + '[trackers.work]\ntype = "jira"\ntoken = { env = "T" }\n'
MAPPING = TRACKER + '[[mappings]]\ntracker = "work"\nproject = "P"\nobjectives = { as = "epic" }\n'
CANARY = "c4n4ry-5ecr3t-value"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "okrsync.toml"


def told(path: Path, text: str) -> list[str]:
    path.write_text(text)
    settings, problems = check(path, path.parent)
    assert (settings is None) is bool(problems)
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "okrsync.toml:1: has no workspace. Add workspace: The name of the workspace."),
        ('workspace = "Acme Inc"', "okrsync.toml:1: workspace: is 'Acme Inc'; expected lower-case letters, digits"),
        ("workspace = 3", "okrsync.toml:1: workspace: is 3; expected text in quotes"),
        (
            START + 'docments = "x"',
            "okrsync.toml:2: 'docments' is not a key; expected one of workspace, documents, cache",
        ),
        (START + 'documents = ""', "documents: is ''; expected text"),
        (START + 'check_in_period = "a week"', "check_in_period: is 'a week'; expected a span of time such as 15m"),
        (START + "check_in_period = 7", "check_in_period: is 7; expected a span of time"),
        (START + 'check_in_period = "999999d"', "expected a span of time of at most ten years"),
        (
            START + '[schedule]\npull = "0 3 * *"',
            "okrsync.toml:3: schedule.pull: is '0 3 * *'; expected a span of time",
        ),
        (START + '[schedule]\npul = "1h"', "okrsync.toml:3: schedule: 'pul' is not a key; expected one of pull,"),
        (START + "schedule = 3", "okrsync.toml:2: schedule: is 3; expected a table"),
        (START + "[cycles.x]\nstart = 2026-01-01", "okrsync.toml:2: cycles.x: has no end. Add end: Its last day."),
        (
            START + "[cycles.x]\nstart = 2026-02-01\nend = 2026-02-01",
            "cycles.x.end: is 2026-02-01; expected a day after",
        ),
        (
            START + '[cycles.x]\nstart = "2026-02-01"\nend = 2026-03-01',
            "expected a date such as 2026-12-31, without qu",
        ),
        (START + '[cycles."a/b"]\nstart = 2026-02-01\nend = 2026-03-01', "cycles: 'a/b' cannot be a name here"),
        (START + "[audiences]\nboard = 'dana'", "audiences.board: is 'dana'; expected a list in brackets"),
        (START + "[safety]\nshare_gone = 20", "safety.share_gone: is 20; expected at most 1"),
        (START + "[safety]\nshare_gone = 0", "safety.share_gone: is 0; expected more than 0"),
        (START + "[safety]\nat_least = 0", "safety.at_least: is 0; expected at least 1"),
        (START + "[safety]\nat_least = 2.5", "safety.at_least: is 2.5; expected a whole number"),
        (START + "[plugins]\nallow = true", "plugins.allow: is true; expected a list in brackets"),
        (START + '[trackers.work]\ntoken = { env = "T" }', "okrsync.toml:2: trackers.work: has no type. Add type"),
        (START + '[trackers.work]\ntype = "x"', "trackers.work: has no token. Add token: Where the token is kept."),
        (TRACKER + 'url = "acme.net"', "okrsync.toml:5: trackers.work.url: is 'acme.net'; expected an address such as"),
        (TRACKER + 'url = "http://acme.net"', "trackers.work.url: is 'http://acme.net'; expected https: without it"),
        (
            TRACKER + 'url = "http://localhost.acme.net"',
            "expected https: without it, anybody on the way reads the token",
        ),
        (TRACKER + 'url = "https://acme.net:port"', "expected an address such as https://acme.atlassian.net"),
        (TRACKER + 'url = "ftp://acme.net"', "expected an address such as"),
        (TRACKER + 'url = "https://acme.net?x=1"', "expected an address without user, query and fragment"),
        (TRACKER + "url = 3", "trackers.work.url: is 3; expected text in quotes"),
        (MAPPING.replace('"work"\np', '"wrok"\np'), "okrsync.toml:6: mappings[1].tracker: there is no tracker 'wrok'"),
        (START + MAPPING[MAPPING.index("[[") :], "there is no tracker 'work'. Add a table [trackers.work]."),
        (MAPPING.replace('project = "P"', ""), "okrsync.toml:5: mappings[1]: has no project. Add project: Jira: the"),
        (
            MAPPING + 'match = { taem = "x" }',
            "mappings[1].match: 'taem' is not a key; expected one of team, level, owner",
        ),
        (MAPPING + 'match = { level = "squad" }', "mappings[1].match.level: is 'squad'; expected company, department"),
        (MAPPING + 'match = "web"', "mappings[1].match: is 'web'; expected a table"),
        (
            MAPPING + 'key_results = { as = "issue" }',
            "is 'issue'; expected 'issues' or 'fields'. Did you mean 'issues'?",
        ),
        (MAPPING + 'key_results = { labels = "x" }', "mappings[1].key_results.labels: is 'x'; expected a list in"),
        (MAPPING + 'fields = { curent = "x" }', "fields: 'curent' is not a key; expected one of baseline, target"),
        (MAPPING + 'fields = { current = "x", target = "x" }', "expected another field for each of baseline, target"),
        (MAPPING + 'fields = { project_board = "acme" }', "is 'acme'; expected owner/number, such as acme/1"),
        (MAPPING + 'authority = "document"', "expected 'documents', 'tracker' or 'both'. Did you mean 'documents'?"),
        (MAPPING + 'publish_progress = "yes"', "publish_progress: is 'yes'; expected true or false, without quotes"),
        (MAPPING + "[[mappings]]", "okrsync.toml:9: mappings[2]: has no"),
        (START + "x = [", "okrsync.toml:2: is not valid TOML: "),
    ],
)
def test_a_mistake_is_told_with_its_line(path: Path, text: str, said: str) -> None:
    messages = told(path, text)
    assert any(said in message for message in messages), messages
    assert len(messages) == 1 or "mappings[2]" in said
    with pytest.raises(Problems):
        load(path)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (START + 'docments = "x"', "documents"),
        (START + '[schedule]\npul = "1h"', "pull"),
        (MAPPING + 'match = { taem = "x" }', "team"),
        (MAPPING + 'fields = { projectboard = "x/1" }', "project_board"),
        (MAPPING.replace('"work"\np', '"wrok"\np'), "work"),
        (MAPPING + "publishprogress = true", "publish_progress"),
        (START + '[trackers.work]\ntype = "x"\ntoken = { envv = "T" }', "env"),
    ],
)
def test_what_was_meant_is_offered(path: Path, text: str, meant: str) -> None:
    assert any(message.endswith(f"Did you mean {meant!r}?") for message in told(path, text))


def test_all_problems_come_at_once(path: Path) -> None:
    text = MAPPING.replace('"a"', '"A"').replace("type", "tipe").replace('"epic"', "3") + "[saftey]\n"
    lines = [int(message.split(":")[1]) for message in told(path, text)]
    assert lines == [1, 2, 8, 9]
    with pytest.raises(Problems) as caught:
        load(path, path.parent)
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (START + f'[trackers.work]\ntype = "jira"\ntoken = "{CANARY}"', 4),
        (START + f'[trackers.work]\ntype = "jira"\ntoken = ["{CANARY}"]', 4),
        (START + f'[trackers.work]\ntype = "jira"\ntoken = {{ env = "{CANARY}" }}', 4),
        (START + f'[trackers.work]\ntype = "jira"\ntoken = {{ value = "{CANARY}" }}', 4),
        (START + f'[trackers.work]\ntype = "jira"\ntoken = {{ keyring = "{CANARY}" }}', 4),
        (START + f'[trackers.work]\ntype = "jira"\ntoken = {{ command = "{CANARY}" }}', 4),
        (START + f'[trackers.work]\ntype = "jira"\ntoken = {{ env = "T", file = "{CANARY}" }}', 4),
        (START + f'[trackers.work]\ntype = "jira"\ntoken.env = "ghp_{"a1B2" * 9}{CANARY}"', 4),
        (TRACKER + f'password = "{CANARY}"', 5),
        (TRACKER + f'api_key = "{CANARY}"', 5),
        (TRACKER + f'clientSecret = "{CANARY}"', 5),
        (TRACKER + f'url = "https://bot:{CANARY}@acme.net"', 5),
        (TRACKER + f'url = "https://{CANARY}@acme.net"', 5),
        (TRACKER + f'url = "http://bot:{CANARY}@[acme"', 5),
        (TRACKER + f'user = "github_pat_{"1a" * 20}_{CANARY}"', 5),
        (START + f'token = "{CANARY}"', 2),
        (START + f'[notifiers.chat]\nwebhook_token = "{CANARY}"', 3),
        (START + f'documents = "-----BEGIN RSA PRIVATE KEY-----{CANARY}"', 2),
        (START + "token = 1234567890", 2),
    ],
)
def test_a_credential_in_the_file_is_refused_and_never_shown(path: Path, text: str, line: int) -> None:
    path.write_text(text)
    with pytest.raises(Problems) as caught:
        load(path, path.parent)
    shown = f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert CANARY not in shown
    assert "1234567890" not in shown
    assert any(problem.line == line for problem in caught.value.problems)


@pytest.mark.parametrize("key", ["token", "password", "secret", "api_key", "apiKey", "private_key", "bearer"])
def test_the_refusal_says_where_a_credential_belongs(path: Path, key: str) -> None:
    text = START + f'[trackers.work]\ntype = "jira"\n{key} = "{CANARY}"\n' + ("" if key == "token" else "token.env='T'")
    (message,) = told(path, text)
    assert message.startswith(
        f"okrsync.toml:4: trackers.work.{key}: holds a credential itself, which is not shown here."
    )
    assert message.endswith('and write where it is kept: token = { env = "OKRSYNC_TOKEN" }.')


@pytest.mark.parametrize(
    "text",
    [
        START + '[audiences]\nsecret-projects = ["dana"]',
        START + '[audiences]\n"token" = ["dana"]',
        TRACKER + 'private_key_file = "key.pem"\ntoken_url = "https://acme.net/oauth"',
        TRACKER.replace('{ env = "T" }', '{ credential = "jira-token" }'),
        TRACKER.replace("[trackers.work]", "[trackers.token]"),
        MAPPING + 'fields = { current = "Secret sauce" }\nmatch = { team = "token-team" }',
    ],
)
def test_what_only_sounds_like_a_credential_is_none(path: Path, text: str) -> None:
    assert told(path, text) == []
