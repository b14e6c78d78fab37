"""The pages that a browser gets of a sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from okrsync.sandbox.company import Premises, SiteName

HTML = {"Accept": "text/html,application/xhtml+xml"}
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def premises() -> Iterator[Premises]:
    with Premises() as premises:
        premises.found_company()
        premises.serve({})
        yield premises


@pytest.fixture
def jira(premises: Premises) -> str:
    return premises.urls[SiteName.JIRA_CLOUD]


@pytest.fixture
def github(premises: Premises) -> str:
    return premises.urls[SiteName.GITHUB]


def get(url: str) -> requests.Response:
    return requests.get(url, headers=HTML, timeout=5)


def post(url: str, form: dict[str, str], **headers: str) -> requests.Response:
    return requests.post(url, form, headers={**HTML, **headers}, timeout=5, allow_redirects=False)


def test_every_link_of_a_site_leads_to_a_page(premises: Premises, github: str, jira: str) -> None:
    milestone = premises.github.create_milestone("acme/web", "A milestone")
    premises.github.create_issue("acme/web", "A pull request", milestone=milestone, pull_request=True)
    premises.jira_cloud.create_issue(
        "PLAT", "Story", "Below", parent=premises.jira_cloud.create_issue("PLAT", "Epic", "E")
    )
    for root in (github, jira, premises.urls[SiteName.JIRA_DC]):
        waiting, seen = ["/"], set()
        while waiting:
            path = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            answer = get(root + path)
            assert answer.status_code == 200, path
            waiting += [part.partition('"')[0] for part in answer.text.split('href="')[1:] if part.startswith("/")]
        assert len(seen) > 1


def test_api_clients_get_no_pages(jira: str, github: str) -> None:
    assert requests.get(f"{jira}/browse/PLAT-1", timeout=5).status_code == 401
    assert requests.get(f"{github}/acme/web", timeout=5).headers["content-type"].startswith("application/json")
    assert requests.get(f"{jira}/_sandbox/requests", headers=HTML, timeout=5).json() is not None


def test_nothing_in_a_page_can_run(premises: Premises, github: str, jira: str) -> None:
    number = premises.github.create_issue("acme/web", EVIL, body=f'{EVIL} http://127.0.0.1/"{EVIL}')
    premises.github.comment("acme/web", number, EVIL)
    key = premises.jira_cloud.create_issue("PLAT", "Task", EVIL, description=EVIL)
    for url in (f"{github}/acme/web/issues/{number}", f"{github}/acme/web", f"{jira}/browse/{key}", jira):
        answer = get(url)
        assert "<script" not in answer.text and "&lt;script&gt;" in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_addresses_in_a_description_are_links(premises: Premises, jira: str) -> None:
    key = premises.jira_cloud.create_issue(
        "PLAT", "Task", "T", description="[x|http://127.0.0.1:1/browse/A-1] and so on"
    )
    assert '<a href="http://127.0.0.1:1/browse/A-1">' in get(f"{jira}/browse/{key}").text


def test_a_comment_stands_there_with_author_time_and_lines(premises: Premises, github: str, jira: str) -> None:
    key = premises.jira_cloud.create_issue("PLAT", "Task", "Said")
    number = premises.github.create_issue("acme/web", "Said")
    premises.jira_cloud.comment(key, "First line\nSecond line")
    premises.github.comment("acme/web", number, "First line\nSecond line")
    for url in (f"{github}/acme/web/issues/{number}", f"{jira}/browse/{key}"):
        rows = re.findall(
            r'<td class="short">(\w[^<]*)</td><td class="short">([^<]*)</td><td>First line\nSecond line</td>',
            get(url).text,
        )
        assert len(rows) == 1, url
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", rows[0][1])
        assert "white-space: pre-line" in get(url).text


def test_people_change_values_states_and_titles(premises: Premises, github: str, jira: str) -> None:
    key = premises.jira_cloud.create_issue("PLAT", "Task", "Before")
    form = {"Summary": "After", "Status": "Done", "KR current": "2.5", "KR target": ""}
    answer = post(f"{jira}/browse/{key}", form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/browse/{key}")
    issue = premises.jira_cloud.issue(key)
    assert (issue.summary, issue.status, issue.fields["KR current"]) == ("After", "Done", 2.5)
    post(f"{jira}/browse/{key}", {"KR current": ""})
    assert premises.jira_cloud.issue(key).fields["KR current"] is None

    post(f"{github}/acme/web/issues/1", {"Title": "Orders", "State": "closed", "Orders": "4.9"})
    shown = premises.github.issue("acme/web", 1)
    assert (shown["title"], shown["state"]) == ("Orders", "closed")
    assert premises.github.project_value("acme", 1, "acme/web", 1, "Orders") == 4.9
    number = premises.github.create_milestone("acme/mobile", "Before")
    post(f"{github}/acme/mobile/milestone/{number}", {"Title": "After", "State": "closed"})
    assert premises.github.milestone("acme/mobile", number)["title"] == "After"


def test_a_form_that_changes_nothing_leaves_the_item_as_it_was(premises: Premises, github: str, jira: str) -> None:
    key = premises.jira_cloud.create_issue("PLAT", "Task", "Same")
    before = premises.jira_cloud.issue(key), premises.github.issue("acme/web", 1)
    post(f"{jira}/browse/{key}", {"Summary": "Same", "Status": "To Do", "KR current": ""})
    held = premises.github.project_value("acme", 1, "acme/web", 1, "Orders")
    post(f"{github}/acme/web/issues/1", {"Title": before[1]["title"], "State": before[1]["state"], "Orders": f"{held}"})
    assert (premises.jira_cloud.issue(key), premises.github.issue("acme/web", 1)) == before


def test_what_is_no_number_is_said_and_nothing_changes(premises: Premises, jira: str) -> None:
    answer = post(f"{jira}/browse/PLAT-1", {"Availability": "high"})
    assert answer.status_code == 400 and "Availability is a number field" in answer.text
    assert premises.jira_cloud.issue("PLAT-1").fields["Availability"] == 99.95


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {"Host": "evil.example:80"}]
)
def test_pages_from_elsewhere_change_nothing(premises: Premises, jira: str, headers: dict[str, str]) -> None:
    assert post(f"{jira}/browse/PLAT-1", {"Availability": "1"}, **headers).status_code == 403
    assert premises.jira_cloud.issue("PLAT-1").fields["Availability"] == 99.95


@pytest.mark.parametrize(
    "path", ["/browse/NONE-1", "/acme/none", "/acme/web/issues/999", "/acme/web/milestone/999", "/x"]
)
def test_what_is_not_there_is_not_found(premises: Premises, path: str) -> None:
    for url in premises.urls.values():
        assert get(url + path).status_code == 404
        assert post(url + path, {"Title": "x"}).status_code == 404


def test_a_change_is_kept_at_once(tmp_path: Path) -> None:
    with Premises([SiteName.JIRA_CLOUD]) as premises:
        premises.furnish()
        key = premises.jira_cloud.create_issue("DEMO", "Task", "T")
        premises.serve({})
        premises.keep_in(tmp_path)
        path = tmp_path / "sandbox" / "jira-cloud.json"
        assert "Changed" not in path.read_text()
        post(f"{premises.urls[SiteName.JIRA_CLOUD]}/browse/{key}", {"Summary": "Changed"})
        assert "Changed" in path.read_text()
