"""A cache whose migration is killed at any of its statements is the old one or the new one, and opens again."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from okrsync.domain.ref import Ref
from okrsync.store import migrations, schema
from okrsync.store.cache import Cache
from okrsync.store.reading import Reader
from okrsync.store.writing import WritingSession

KILLER = """
import os, shutil, signal, sys
from pathlib import Path
from okrsync.store import writing
from okrsync.store.cache import Cache

old, folder = Path(sys.argv[1]), Path(sys.argv[2])
connect = writing.connect


def until(number):
    def counted(path, *, writable):
        connection = connect(path, writable=writable)
        left = number

        def statement(_sql):
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        connection.set_trace_callback(statement)
        return connection

    return counted


number, killed = 0, True
while killed:
    path = folder / f"{number}.db"
    if old.exists():
        shutil.copy(old, path)
    pid = os.fork()
    if pid == 0:
        writing.connect = until(number)
        Cache.open(path, "acme").close()
        os._exit(0)
    killed = os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    number += 1
print(number)
"""
KEPT = (
    "insert into check_ins (ref, at, author, value, note, obstacles, help, origin, sent)"
    " values ('2026-Q4/a/kr', '2026-11-15T09:30:00.000000Z', 'dana', 3.1, '', '', '', 'cli', 1)"
)


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder; who is killed takes no power cut along, so it need not be on a disk."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as name:
        yield Path(name)


@pytest.mark.parametrize("known", range(len(migrations.STEPS)))
def test_a_migration_that_is_killed_at_any_statement_is_done_or_not(memory: Path, known: int) -> None:
    """`known` is how many steps the old cache has; without any there is none."""
    old, folder = memory / "old.db", memory / "killed"
    folder.mkdir()
    if known:
        old.touch()
        with closing(WritingSession(old)) as session:
            migrations.migrate(session, session.db, ("acme", "1"), migrations.STEPS[:known])
            session.write(KEPT)
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(old), str(folder)], capture_output=True, text=True, check=True, timeout=60
    )
    statements = int(done.stdout) - 1
    assert statements > 5
    versions = set()
    for number in range(statements + 1):
        path = folder / f"{number}.db"
        with closing(WritingSession(path)) as session:
            versions.add(session.number("pragma user_version"))
        with Cache.open(path, "acme") as cache:
            assert cache.damage() == ()
            assert len(cache.check_ins.of(Ref("2026-Q4", "a", "kr"))) == (1 if known else 0)
        with Reader.at(path, "acme") as reader:
            assert reader._session.select(str, "select name from _sqlite_migrations") == [*schema.STEPS]
    assert versions == {known, schema.VERSION}
