"""The daemon's port as others meet it: trackers that send webhooks, strangers who send rubbish, and those who watch."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import itertools
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from okrsync.app import Workspace
from okrsync.daemon import events
from okrsync.daemon.concerning import concerning
from okrsync.daemon.inbox import Hint, Inbox
from okrsync.daemon.jobs import Jobs
from okrsync.daemon.loop import Daemon
from okrsync.daemon.notify import ServiceManager
from okrsync.daemon.tasks import Ground
from okrsync.daemon.web import answering
from okrsync.daemon.web.port import Port
from okrsync.daemon.web.receiving import STATUS, Fate
from okrsync.daemon.web.serving import Address
from okrsync.daemon.working import OwnHands
from okrsync.domain.ref import Ref
from tests.system.calling import KR1, O1
from tests.system.cli_desk import begin, okrsync
from tests.system.grounds import Desk, GitHub, JiraCloud, served
from tests.system.grounds import Ground as Site
from tests.system.pages import DOCS, blocks, table, text_of

SECRET = "it is a secret between two"
_NUMBERS = itertools.count(1)


class Manned:
    """A daemon at work in a thread, and its port."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.inbox = Inbox()
        self.manager = ServiceManager({})
        self.warnings: list[str] = []
        self.seen: list[events.Event] = []
        self._happened = threading.Condition()
        self.port = Port(
            Address("127.0.0.1", 0),
            self.inbox,
            ground=lambda: self._daemon.ground,
            last_progress=lambda: self.manager.last_progress,
            warn=self.warnings.append,
        )
        self._daemon = Daemon(self._load, self.inbox, OwnHands(), [self.port, self._note], manager=self.manager)
        self._thread = threading.Thread(target=self._daemon.run)

    @property
    def url(self) -> str:
        return f"http://{self.port.address}"

    def begin(self) -> None:
        self._thread.start()
        self.until(lambda: self.ended())

    def end(self) -> None:
        self.inbox.stop.set()
        self._thread.join(10)
        self.port.close()
        self.inbox.close()

    def ended(self, kind: str = "") -> list[events.RunEnded]:
        return [each for each in self.seen if isinstance(each, events.RunEnded) and each.kind.startswith(kind)]

    def until(self, happened: Any) -> None:
        with self._happened:
            assert self._happened.wait_for(happened, 60), "it did not happen"

    def metrics(self) -> dict[str, float]:
        return figures(requests.get(f"{self.url}/metrics", timeout=30).text)

    def _load(self) -> Workspace:
        workspace = self.desk.workspace()
        workspace.stop = self.inbox.stop
        return workspace

    def _note(self, event: events.Event) -> None:
        with self._happened:
            self.seen.append(event)
            self._happened.notify_all()


def figures(text: str) -> dict[str, float]:
    """Each sample with its labels, by the text that writes it."""
    return {
        f"{sample.name}{sorted(sample.labels.items()) or ''}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@contextmanager
def manned(ground: Site, folder: Path) -> Iterator[Manned]:
    with served(ground):
        desk = Desk(ground, folder)
        (folder / "secret").write_text(SECRET)
        (folder / "secret").chmod(0o600)
        secret = 'webhook_secret = { file = "secret" }\n[[mappings]]'
        desk.write_settings(ground.settings().replace("\n[[mappings]]", secret, 1))
        desk.write_team(objectives=2)
        living = Manned(desk)
        try:
            living.begin()
            yield living
        finally:
            living.end()


@pytest.fixture
def jira(tmp_path: Path) -> Iterator[Manned]:
    with manned(JiraCloud(), tmp_path) as living:
        yield living


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def jira_says(living: Manned, ref: Ref, **changes: Any) -> requests.Response:
    """Jira sends what it sends when somebody edits an issue."""
    key = living.desk.ground._key(ref)  # type: ignore[attr-defined]
    issue = living.desk.ground.site.issue(key)  # type: ignore[attr-defined]
    told = {"webhookEvent": "jira:issue_updated", "issue": {"id": str(issue.id), "key": key, "fields": {}}, **changes}
    body = json.dumps(told).encode()
    return deliver(living, body, {"X-Hub-Signature": signed(body)})


def deliver(living: Manned, body: bytes, headers: dict[str, str], number: int | None = None) -> requests.Response:
    identity = {"X-Atlassian-Webhook-Identifier": str(next(_NUMBERS) if number is None else number)}
    headers = {"Content-Type": "application/json", **identity, **headers}
    return requests.post(f"{living.url}/webhooks/work", data=body, headers=headers, timeout=10)


def current(living: Manned, ref: Ref) -> Any:
    found = next(each for each in living.desk.status()["objectives"] if each["ref"] == str(ref.parent))
    return next(each["current"] for each in found["key_results"] if each["ref"] == str(ref))


def test_a_webhook_for_one_issue_leads_to_a_look_at_that_one(jira: Manned) -> None:
    site = jira.desk.ground.site
    assert jira_says(jira, O1).json()["outcome"] == "taken"
    jira.until(lambda: jira.ended("poll of hints"))
    assert jira.ended()[-1].requests <= 3, "not each item that the first sync wrote"
    jira.desk.ground.set_current(KR1, 2.5)
    jira.desk.ground.set_current(O1.child("kr2"), 3.5)
    asked, begun = len(site.requests.records), time.monotonic()
    assert jira_says(jira, KR1).json()["outcome"] == "taken"
    jira.until(lambda: len(jira.ended("poll of hints")) == 2)
    assert time.monotonic() - begun < 20
    assert jira.ended("poll of hints")[1].moved == (KR1,), "the other waits for its poll"
    assert current(jira, KR1) == 2.5
    paths = [each.path for each in site.requests.records[asked:]]
    read = [each for each in paths if re.search(r"/issue/\d+$", each)]
    assert len(read) == 1 and not any("search" in each for each in paths[: paths.index(read[0]) + 1]), paths


def test_what_changes_elsewhere_in_the_project_is_looked_at_where_it_counts(jira: Manned) -> None:
    desk = jira.desk
    ours = desk.ground.site.issue(desk.ground._key(KR1)).id  # type: ignore[attr-defined]
    hints = [Hint("work", "PROJA", str(ours)), Hint("work", "PROJA"), Hint("work", "PROJA", "4711")]
    assert [concerning(desk.workspace())(each) for each in hints] == [True, True, False]
    desk.replace("team-0.toml", 'measure = { from = "field" }', 'measure = { from = "children" }')
    assert [concerning(desk.workspace())(each) for each in hints] == [True, True, True]
    elsewhere = 'measure = { from = "field", item = "ELSE-1", field = "Hidden metric" }'
    desk.replace("team-0.toml", 'measure = { from = "children" }', elsewhere)
    assert concerning(desk.workspace())(hints[2])
    desk.replace("team-0.toml", elsewhere, 'measure = { from = "field" }')
    desk.lose_cache()
    assert concerning(desk.workspace())(hints[2]), "who knows nothing leaves nothing out"


def test_a_thousand_webhooks_lead_to_a_handful_of_requests(jira: Manned) -> None:
    site = jira.desk.ground.site
    asked = len(site.requests.records)
    ids = [(jira.desk.ground._key(ref), ref) for ref in (KR1, O1.child("kr2"), O1)]  # type: ignore[attr-defined]
    session = requests.Session()
    for number in range(1000):
        key, _ = ids[number % 3]
        issue = {"id": str(site.issue(key).id), "key": key}  # type: ignore[attr-defined]
        body = json.dumps({"webhookEvent": "jira:issue_updated", "issue": issue, "timestamp": number}).encode()
        headers = {"X-Hub-Signature": signed(body), "X-Atlassian-Webhook-Identifier": f"storm {number}"}
        assert session.post(f"{jira.url}/webhooks/work", data=body, headers=headers, timeout=10).status_code == 202
    last = len(jira.ended("poll of hints"))
    jira.until(lambda: len(jira.ended("poll of hints")) > last)
    assert 1 <= len(jira.ended("poll of hints")) <= 3
    assert len(site.requests.records) - asked <= 12
    figures = jira.metrics()
    assert figures["okrsync_webhook_deliveries_total[('outcome', 'taken'), ('tracker', 'work')]"] == 1000


def test_wrong_signatures_replays_floods_and_garbage_change_nothing(jira: Manned) -> None:
    site = jira.desk.ground.site
    asked, ended = len(site.requests.records), len(jira.ended())
    about = {"webhookEvent": "jira:issue_updated", "issue": {"id": "1", "key": "ELSE-1"}}
    body = json.dumps(about).encode()
    right = {"X-Hub-Signature": signed(body)}
    answers = [
        (deliver(jira, body, {}), 401, "unsigned"),
        (deliver(jira, body, {"X-Hub-Signature": signed(body, "another")}), 401, "unsigned"),
        (deliver(jira, body, {"X-Hub-Signature": signed(body).replace("sha256", "sha1")}), 401, "unsigned"),
        (deliver(jira, body, right, number=-1), 202, "ignored"),
        (deliver(jira, body, right, number=-1), 202, "seen_before"),
        *(
            (deliver(jira, rubbish, {"X-Hub-Signature": signed(rubbish)}), 400, "malformed")
            for rubbish in (
                b"",
                b"\xff\x00",
                b"[1]",
                b"{}",
                b"[" * 100_000,
                b'{"webhookEvent": "jira:issue_x", "issue": 1}',
            )
        ),
        (deliver(jira, b" " * 20_000_000, {"X-Hub-Signature": "sha256=00"}), 413, "too_large"),
        (requests.post(f"{jira.url}/webhooks/nobody", data=body, timeout=30), 404, "unknown"),
    ]
    for answer, status, outcome in answers:
        assert (answer.status_code, answer.json()["outcome"]) == (status, outcome)
    assert requests.get(f"{jira.url}/webhooks/work", timeout=30).status_code == 405
    assert (len(site.requests.records), len(jira.ended())) == (asked, ended)
    assert len(jira.warnings) == 1 and "wrong" in jira.warnings[0] and SECRET not in str(jira.warnings)


def test_a_body_without_a_length_is_not_read_to_its_end(jira: Manned) -> None:
    line = http.client.HTTPConnection("127.0.0.1", jira.port.address.port, timeout=10)
    chunks = itertools.repeat(b" " * 65536, 320)
    line.request("POST", "/webhooks/work", body=chunks, headers={"X-Hub-Signature": "sha256=00"}, encode_chunked=True)
    assert line.getresponse().status == 413
    line.close()


def test_who_announces_too_much_or_never_sends_it_is_answered_all_the_same(
    jira: Manned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "BODY_SECONDS", 0.05)
    for length, status in ((20_000_000, 413), (10, 408)):
        line = http.client.HTTPConnection("127.0.0.1", jira.port.address.port, timeout=30)
        line.putrequest("POST", "/webhooks/work")
        line.putheader("Content-Length", str(length))
        line.endheaders()
        assert line.getresponse().status == status
        line.close()


def test_who_watches_is_told_what_status_says(jira: Manned) -> None:
    assert requests.get(f"{jira.url}/healthz", timeout=30).json() == {"ok": True, "checks": {"progressing": True}}
    ready = requests.get(f"{jira.url}/readyz", timeout=30)
    assert ready.status_code == 200 and all(ready.json()["checks"].values())
    told = okrsync(jira.desk.folder, "daemon", "status", "--json").json
    figures = jira.metrics()
    mapping = "[('mapping', 'work/PROJA')]"
    assert figures["okrsync_changes_held"] == told["held"] == 0
    assert figures["okrsync_outbox_depth"] == told["outbox"] == 0
    assert figures["okrsync_stale_key_results"] == told["stale"]
    assert figures[f"okrsync_mapping_failing{mapping}"] == 0
    assert figures[f"okrsync_mapping_lag_seconds{mapping}"] < 60
    assert figures["okrsync_last_run_exit_code"] == told["last_run"]["exit_code"] == 0
    assert figures["okrsync_runs_total[('kind', 'reconcile'), ('outcome', 'done')]"] == 1
    assert figures["okrsync_requests_total"] == sum(each.requests for each in jira.ended())
    assert figures["okrsync_changes_made_total"] == sum(each.changes for each in jira.ended()) > 0
    (jira.desk.folder / "okrsync.db").write_bytes(b"this is no cache")
    assert requests.get(f"{jira.url}/readyz", timeout=30).status_code == 503
    assert jira.metrics()["okrsync_cache_readable"] == 0
    assert requests.get(f"{jira.url}/healthz", timeout=30).status_code == 200


def test_github_tells_of_issues_milestones_and_boards(tmp_path: Path) -> None:
    with manned(GitHub(), tmp_path) as living:
        assert isinstance(living.desk.ground, GitHub)
        url, ground = f"{living.url}/webhooks/work", living.desk.ground
        repository = {"full_name": ground.project().upper()}
        told: list[tuple[str, dict[str, Any], str]] = [
            ("ping", {"zen": "Keep it logically awesome.", "repository": repository}, "ignored"),
            (
                "issues",
                {"action": "edited", "issue": {"number": 1}, "repository": {"full_name": "else/where"}},
                "ignored",
            ),
            ("issues", {"action": "edited", "repository": repository}, "malformed"),
            (
                "projects_v2_item",
                {
                    "action": "edited",
                    "organization": {"login": "acme"},
                    "changes": {"field_value": {"project_number": ground.board}},
                },
                "taken",
            ),
        ]
        ground.set_current(KR1, 2.5)
        for event, payload, outcome in told:
            body = json.dumps(payload).encode()
            headers = {
                "X-GitHub-Event": event,
                "X-GitHub-Delivery": event + outcome,
                "X-Hub-Signature-256": signed(body),
            }
            answer = requests.post(url, data=body, headers=headers, timeout=30)
            assert answer.json()["outcome"] == outcome, event
        living.until(lambda: living.ended("poll of hints"))
        assert current(living, KR1) == 2.5


def listening(process: int) -> int:
    """How many sockets of a process take connections (state 0A in proc(5))."""
    rows = [
        row.split() for kind in ("tcp", "tcp6") for row in Path(f"/proc/{process}/net/{kind}").read_text().splitlines()
    ]
    taking = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
    found = 0
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found += str(each.readlink()) in taking
    return found


def test_with_webhooks_off_nothing_listens_and_a_taken_address_is_named(tmp_path: Path) -> None:
    with served(JiraCloud()) as ground:
        desk = Desk(ground, tmp_path)
        desk.write_team()
        taken = str(ground.server.port)
        refused = okrsync(tmp_path, "daemon", "--listen", f"127.0.0.1:{taken}")
        assert refused.code == 2 and f"cannot listen at 127.0.0.1:{taken}" in refused.err
        process = begin(tmp_path, "daemon", "--listen", "127.0.0.1:0")
        assert process.stderr is not None
        try:
            address = json.loads(process.stderr.readline())["address"]
            while "run-ended" not in process.stderr.readline():
                pass
            assert listening(process.pid) == 1
            assert requests.get(f"http://{address}/readyz", timeout=30).status_code == 200
            assert requests.post(f"http://{address}/webhooks/work", data=b"{}", timeout=30).status_code == 404
            skipped = okrsync(tmp_path, "daemon", "--listen", address, "--if-running", "skip")
            assert skipped.code == 0 and "is the daemon of this workspace already" in skipped.err
        finally:
            process.terminate()
            _, said = process.communicate(timeout=30)
        assert process.returncode == 0 and "Traceback" not in said, said
        process = begin(tmp_path, "daemon")
        try:
            assert process.stderr is not None
            while "run-ended" not in process.stderr.readline():
                pass
            assert listening(process.pid) == 0
        finally:
            process.terminate()
            process.communicate(timeout=30)


GUIDE = DOCS / "how-to" / "webhooks.md"
_AS_WRITTEN = re.compile(r"<!-- test: as written -->\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def guided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Port, Inbox, Path]]:
    """A port by the settings of the guide, which show the tracker `work`, with a tracker `code` beside it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    secrets = tmp_path / ".config" / "okrsync"
    secrets.mkdir(parents=True)
    for name in ("jira-webhook-secret", "github-webhook-secret"):
        (secrets / name).write_text(f"the secret of {name}\n")
        (secrets / name).chmod(0o600)
    (block,) = blocks(GUIDE, "toml")
    github = (
        'type = "github"\ntoken = { env = "T" }\nwebhook_secret = { file = "~/.config/okrsync/github-webhook-secret" }'
    )
    mapping = '[[mappings]]\ntracker = "code"\nproject = "acme/web"\nobjectives = { as = "milestone" }'
    (tmp_path / "okrsync.toml").write_text(f"{block.text}\n{mapping}\n\n[trackers.code]\n{github}\n")
    (tmp_path / "okrs").mkdir()
    workspace, inbox = Workspace.load(tmp_path / "okrsync.toml"), Inbox()
    ground = Ground(workspace, Jobs.of(workspace.settings))
    address = Address("127.0.0.1", 0)
    port = Port(address, inbox, ground=lambda: ground, last_progress=time.monotonic, warn=pytest.fail)
    try:
        port(events.Started(datetime.now(UTC), 1, ()))
        yield port, inbox, secrets
    finally:
        port.close()
        inbox.close()


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="curl and openssl are not here")
def test_the_guide_goes_as_written(guided: tuple[Port, Inbox, Path]) -> None:
    port, inbox, _ = guided
    written = _AS_WRITTEN.findall(text_of(GUIDE))
    for script in written:
        assert "http://127.0.0.1:8321/" in script
        script = script.replace("127.0.0.1:8321", str(port.address))
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=20)
        (answer,) = blocks(GUIDE, "json")
        assert done.stdout.strip() == answer.text.strip(), done.stderr
    hints: list[Hint] = []
    while len(hints) < len(written) == 2:
        inbox.wait(10)
        hints += inbox.take_hints()
    assert hints == [Hint("work", "PLAT", "10001"), Hint("code", "acme/web", "acme/web/issues/7")]


def test_a_new_secret_counts_from_a_reload_on(guided: tuple[Port, Inbox, Path]) -> None:
    port, _, secrets = guided
    body = b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "1", "key": "PLAT-1"}}'

    def status(secret: str, delivery: str) -> str:
        headers = {"X-Hub-Signature": signed(body, secret), "X-Atlassian-Webhook-Identifier": delivery}
        answer = requests.post(f"http://{port.address}/webhooks/work", data=body, headers=headers, timeout=30)
        return str(answer.json()["outcome"])

    assert status("the secret of jira-webhook-secret", "1") == "taken"
    (secrets / "jira-webhook-secret").write_text("another")
    port(events.Reloaded(datetime.now(UTC), True))
    assert status("another", "1") == "seen_before" and status("another", "2") == "taken"


def test_the_outcomes_stand_in_the_guide() -> None:
    rows = table("how-to/webhooks.md", "Answers")
    assert {(outcome, int(status)) for status, outcome, _ in rows} == {(fate.value, STATUS[fate]) for fate in Fate}
