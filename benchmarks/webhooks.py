"""What webhooks lead to: how soon the value of one issue is known, and what a storm of them costs.

Run it with `python -m benchmarks.webhooks`. The daemon is the command, with `--listen`; 100 objectives with 4 key
results each in 5 Jira projects. Seconds are from the moment when the webhook is sent to the one in which the cache has
the new value, looked up every 10 ms.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import requests
from rich.console import Console

from okrsync.daemon.jobs import HINTED
from okrsync.domain.ref import Ref
from okrsync.store.reading import Reader
from tests.system.cli_desk import begin
from tests.system.grounds import Desk, Ground, JiraCloud, served

SECRET = b"a secret between two"
SINGLE, STORM = 10, 1000
APART = 4.0
"""Seconds between single webhooks: those that come faster are gathered."""


class Sender:
    """Sends what Jira sends when somebody edits an issue."""

    def __init__(self, ground: Ground, address: str) -> None:
        self._ground = ground
        self._url = f"{address}/webhooks/work"
        self._session = requests.Session()
        self._sent = 0

    def send(self, ref: Ref) -> None:
        """Say that the item of `ref` changed."""
        key = self._ground._key(ref)  # type: ignore[attr-defined]
        self._sent += 1
        issue = {"id": str(self._ground.site.issue(key).id), "key": key}  # type: ignore[attr-defined]
        told = {"webhookEvent": "jira:issue_updated", "issue": issue}
        body = json.dumps({**told, "timestamp": self._sent}).encode()
        signature = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature": signature, "X-Atlassian-Webhook-Identifier": str(self._sent)}
        self._session.post(self._url, data=body, headers=headers, timeout=10).raise_for_status()


class Log:
    """What the daemon says of its runs, as it says it."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.events: list[dict[str, Any]] = []
        self._lines = lines
        threading.Thread(target=self._follow, daemon=True).start()

    def until(self, happened: Callable[[], object]) -> None:
        """Wait for something, a minute at most."""
        end = time.monotonic() + 60
        while not happened():
            if time.monotonic() > end:
                raise SystemExit("it did not happen")
            time.sleep(0.01)

    def ended(self, kind: str = "") -> list[dict[str, Any]]:
        """The runs that ended."""
        return [each for each in self.events if each["what"] == "run-ended" and each["kind"].startswith(kind)]

    def until_quiet(self) -> None:
        """Wait until no run has ended for a while, and webhooks do not come too close for each other."""
        count = -1
        while count != len(self.ended()):
            count = len(self.ended())
            time.sleep(APART)

    def _follow(self) -> None:
        self.events.extend(json.loads(line) for line in self._lines)


def main() -> None:
    with served(JiraCloud(5)) as ground, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        desk = Desk(ground, folder)
        (folder / "secret").touch(0o600)
        (folder / "secret").write_bytes(SECRET)
        settings = ground.settings().replace(
            "\n[[mappings]]", '\nwebhook_secret = { file = "secret" }\n[[mappings]]', 1
        )
        desk.write_settings(settings)
        for number in range(5):
            desk.write_team(number, 20, 4)
        desk.run("sync")
        daemon = begin(folder, "daemon", "--listen", "127.0.0.1:0", "--log-format", "json")
        assert daemon.stderr is not None
        log = Log(iter(daemon.stderr.readline, ""))
        try:
            log.until(log.ended)
            address = next(each["address"] for each in log.events if each["what"] == "listening")
            _measure(desk, Sender(ground, f"http://{address}"), log)
        finally:
            daemon.terminate()
            daemon.wait()


def _measure(desk: Desk, sender: Sender, log: Log) -> None:
    refs = [each.ref.child("kr1") for each in desk.workspace().okrs.objectives]
    seconds, console = [], Console()
    for number, ref in enumerate(refs[:SINGLE]):
        log.until_quiet()
        value = 1.0 + number / 10
        desk.ground.set_current(ref, value)
        begun = time.monotonic()
        sender.send(ref)
        log.until(partial(_is_known, desk.folder, ref, value))
        seconds.append(time.monotonic() - begun)
    log.until_quiet()
    asked = [each["requests"] for each in log.ended(HINTED)]
    console.print(
        f"{SINGLE} webhooks, one after the other: each value was known after {median(seconds):.2f} s"
        f" ({min(seconds):.2f}–{max(seconds):.2f} s); a look took {min(asked)}–{max(asked)} requests"
    )
    polled, begun = len(log.ended(HINTED)), time.monotonic()
    for number in range(STORM):
        sender.send(refs[number % 3])
    sent = time.monotonic() - begun
    log.until_quiet()
    asked = [each["requests"] for each in log.ended(HINTED)[polled:]]
    console.print(f"{STORM} webhooks within {sent:.1f} s: {len(asked)} looks, {sum(asked)} requests")


def _is_known(folder: Path, ref: Ref, value: float) -> bool:
    with Reader.at(folder / "okrsync.db", "acme") as cache:
        known = cache.observations.current_of(ref)
        return known is not None and known.value == value


if __name__ == "__main__":
    main()
