"""A cache that is damaged, full, read-only, or not ours: it is said, nothing is half-written, nothing is made twice."""

from __future__ import annotations

import random
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from okrsync.cli.program import run
from okrsync.domain.ref import Ref
from tests.system.calling import Okrsync, Said
from tests.system.cli_desk import environment
from tests.system.grounds import CYCLE, Desk, GitHub, JiraCloud, served

FLIPS = 25
WITH_PRAGMA = """
import sqlite3, sys

class Limited(sqlite3.Connection):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        if arguments[0] != ":memory:":
            self.execute(sys.argv[1])

connect = sqlite3.connect
sqlite3.connect = lambda *arguments, **options: connect(*arguments, **{"factory": Limited, **options})

from okrsync.cli.program import run

sys.exit(run(sys.argv[2:]))
"""


@pytest.fixture
def okrsync(capsys: pytest.CaptureFixture[str]) -> Okrsync:
    def call(*arguments: str) -> Said:
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Said(code, said.out, said.err)

    return call


@pytest.fixture(params=[JiraCloud, GitHub], ids=lambda ground: ground.name)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.delenv("OKRSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    with served(request.param()) as ground:
        desk = Desk(ground, tmp_path)
        desk.write_team()
        desk.run("sync")
        yield desk


only_jira = pytest.mark.parametrize("desk", [JiraCloud], indirect=True, ids=["jira-cloud"])


def file(desk: Desk) -> Path:
    return desk.folder / "okrsync.db"


def sql(desk: Desk, *statements: str) -> None:
    """Change the cache behind okrsync's back."""
    with closing(sqlite3.connect(file(desk), isolation_level=None)) as cache:
        cache.execute("pragma ignore_check_constraints = on")
        for each in statements:
            cache.execute(each)


def all_is_right(desk: Desk, objectives: int = 1) -> None:
    """One more sync, and everything is there once; another one, and nothing is written."""
    desk.run("sync")
    for index in range(objectives):
        ref = Ref(CYCLE, f"o0-{index}")
        assert [desk.ground.count(each) for each in (ref, ref.child("kr1"), ref.child("kr2"))] == [1, 1, 1]
    assert len(desk.ground.texts()) == 3 * objectives
    assert desk.run("sync").done == ()


def garbage(desk: Desk) -> None:
    file(desk).write_bytes(b"not a database at all" * 1000)


def cut_in_half(desk: Desk) -> None:
    sql(desk, "pragma wal_checkpoint(truncate)")
    content = file(desk).read_bytes()
    file(desk).write_bytes(content[: len(content) // 2])


def a_table_less(desk: Desk) -> None:
    sql(desk, "pragma foreign_keys = off", "drop table links")


def rows_of_others(desk: Desk) -> None:
    # Its pages and its schema are sound: it shows in the midst of the work alone.
    sql(desk, "update links set kind = 'nonsense'")


DAMAGES = [garbage, cut_in_half, a_table_less, rows_of_others]
damaged = pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)


@damaged
@pytest.mark.parametrize("command", ["sync", "pull"])
def test_a_damaged_cache_is_put_aside_and_rebuilt_by_itself(
    desk: Desk, okrsync: Okrsync, command: str, damage: Callable[[Desk], None]
) -> None:
    damage(desk)
    before = file(desk).read_bytes()
    said = okrsync(command, "--json")
    assert said.code == 0, said
    assert "the cache was damaged (" in said.err and "lost: what documents and trackers last agreed on" in said.err
    (aside,) = desk.folder.glob("okrsync.db.damaged-*Z")
    assert str(aside) in said.err and aside.stat().st_mode & 0o777 == 0o600
    if damage is not rows_of_others:
        assert aside.read_bytes() == before
    assert okrsync("cache", "check").code == 0
    all_is_right(desk)


@damaged
def test_check_finds_it_and_repair_mends_it(desk: Desk, okrsync: Okrsync, damage: Callable[[Desk], None]) -> None:
    assert okrsync("cache", "check").out.startswith("all well")
    assert okrsync("cache", "repair").out == "nothing to repair\n"
    damage(desk)
    before = file(desk).read_bytes()
    said = okrsync("cache", "check", "--json")
    assert said.code == 1 and said.json["sound"] is False and said.json["found"]
    assert "okrsync cache repair" in said.err
    for command in (["status"], ["plan"], ["tree"]):
        said = okrsync(*command)
        assert said.code == 0 or "okrsync cache repair" in said.err
    assert file(desk).read_bytes() == before, "looking changes nothing"
    said = okrsync("cache", "repair", "--json")
    assert said.code == 0 and said.json["links"] == 3 and said.json["found"]
    assert Path(said.json["aside"]).read_bytes()[:100] == before[:100]
    all_is_right(desk)


@only_jira
def test_what_only_the_cache_knows_is_carried_over_and_told(desk: Desk, okrsync: Okrsync) -> None:
    desk.ground.set_current(Ref(CYCLE, "o0-0", "kr1"), 3.0)
    desk.run("pull")
    sql(desk, "drop table baselines")
    said = okrsync("sync")
    assert said.code == 0 and "carried over from it: " in said.err and "observations" in said.err
    assert okrsync("history", "o0-0/kr1", "--json").json != []
    assert desk.status()["objectives"][0]["key_results"][0]["current"] == 3.0


@only_jira
def test_any_byte_may_flip(desk: Desk, okrsync: Okrsync) -> None:
    sql(desk, "pragma wal_checkpoint(truncate)")
    sound = file(desk).read_bytes()
    chance = random.Random(15)
    put_aside = 0
    for _ in range(FLIPS):
        place, bit = chance.randrange(len(sound)), 1 << chance.randrange(8)
        desk.lose_cache()
        file(desk).write_bytes(sound[:place] + bytes([sound[place] ^ bit]) + sound[place + 1 :])
        said = okrsync("sync", "--json")
        # A flip in a title or a name is a value like another; a workspace or schema of others is refused.
        assert said.code == 0 or "belongs to the workspace" in said.err or "schema" in said.err, (place, bit, said)
        put_aside += "the cache was damaged" in said.err
        assert len(desk.ground.texts()) == 3, (place, bit)
    assert put_aside
    desk.lose_cache()
    all_is_right(desk)


@only_jira
def test_caches_of_others_and_of_the_future_are_refused_and_left_as_they_are(desk: Desk, okrsync: Okrsync) -> None:
    commands = (["sync"], ["pull"], ["plan"], ["status"], ["cache", "check"], ["cache", "repair"], ["cache", "rebuild"])
    for change, code, words in (
        ("update meta set workspace = 'other'", 3, "the cache belongs to the workspace 'other'"),
        ("pragma user_version = 99", 1, "the cache has schema 99"),
    ):
        sql(desk, change, "pragma wal_checkpoint(truncate)")
        before, asked = file(desk).read_bytes(), len(desk.ground.site.requests.records)
        for command in commands:
            said = okrsync(*command)
            assert said.code == code and words in said.err, (command, said)
        assert file(desk).read_bytes() == before
        assert len(desk.ground.site.requests.records) == asked
        assert not list(desk.folder.glob("*.damaged-*"))
        sql(desk, "update meta set workspace = 'acme'")


def limited(desk: Desk, pragma: str, *arguments: str, file_size: int | None = None) -> Said:
    """Run a command whose connections to SQLite begin with a pragma, or whose files may grow to a size only."""

    def limit() -> None:
        if file_size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, resource.RLIM_INFINITY))

    done = subprocess.run(
        [sys.executable, "-c", WITH_PRAGMA, pragma, *arguments],
        cwd=desk.folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        preexec_fn=limit,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


@only_jira
@pytest.mark.parametrize("more", [0, 1, 3, 6])
def test_a_full_disk_loses_nothing_and_makes_nothing_twice(desk: Desk, more: int) -> None:
    with closing(sqlite3.connect(file(desk))) as cache:
        (pages,) = cache.execute("pragma page_count").fetchone()
    desk.write_team(objectives=20)
    said = limited(desk, f"pragma max_page_count = {pages + more}", "sync")
    assert said.code == 1 and "the disk is full" in said.err, said
    said = limited(desk, "pragma foreign_keys", "status")
    assert said.code == 0, "what was stored before can still be read"
    all_is_right(desk, 20)


@only_jira
def test_a_disk_that_takes_no_file_is_explained(desk: Desk) -> None:
    desk.lose_cache()
    said = limited(desk, "pragma foreign_keys", "sync", file_size=4096)
    assert said.code == 1 and "the disk" in said.err, said
    assert not desk.ground.site.requests.writes()[3:], "nothing is created that cannot be noted"
    all_is_right(desk)


@only_jira
def test_a_cache_that_may_not_be_written_is_explained(desk: Desk) -> None:
    desk.write_team(objectives=2)
    said = limited(desk, "pragma query_only = on", "sync")
    assert said.code == 1 and "the cache may not be written" in said.err
    all_is_right(desk, 2)
