"""How long `okrsync lint` takes for 1,000 objectives with 4 key results each, beside reading their documents.

Run it with `python -m benchmarks.lint`. The documents are those of `benchmarks.startup`, with the titles of published
OKRs. Times are the processor's, the best of several rounds; the ratio holds on other machines. The promise: under 1 s
in all.
"""

from __future__ import annotations

import tempfile
import time
import tomllib
from collections.abc import Callable
from datetime import date
from itertools import cycle
from pathlib import Path

from benchmarks.startup import furnish
from okrsync.app import Workspace
from okrsync.documents import read_drafts
from okrsync.documents.places import Places
from okrsync.engine.linting import bundled_words, context_of, every_rule, remembered
from okrsync.practice.lint.running import Selection, lint
from okrsync.store.reading import Reader

ROUNDS = 5
CORPUS = Path(__file__).parents[1] / "tests" / "corpus" / "published_okrs.toml"


def give_titles(folder: Path) -> None:
    """Put published titles in the place of those that all look the same."""
    entries = tomllib.loads(CORPUS.read_text(encoding="utf-8"))["entries"]
    titles = {
        indent: cycle([each["text"][:240].replace('"', "'") for each in entries if each["kind"] == kind])
        for indent, kind in ((False, "objective"), (True, "key_result"))
    }
    for document in sorted((folder / "okrs").glob("*.toml")):
        text = document.read_text(encoding="utf-8")
        in_key_result = False
        lines = []
        for line in text.splitlines():
            if "[[" in line:
                in_key_result = "key_results" in line
            key, is_title, _ = line.partition('= "')
            lines.append(f'{key}= "{next(titles[in_key_result])}"' if is_title and "title" in key else line)
        document.write_text("\n".join(lines) + "\n", encoding="utf-8")


def best(job: Callable[[], object]) -> float:
    """The processor's seconds of the quickest round."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        furnish(folder)
        give_titles(folder)
        workspace = Workspace.load(folder / "okrsync.toml")
        settings = workspace.settings
        with Reader.at(settings.cache_file, settings.workspace) as cache:
            known = remembered(cache)
        words = bundled_words()
        rules = every_rule(words, workspace.plugins)
        drafts = read_drafts(settings.documents_folder, folder)

        def judge() -> int:
            context = context_of(settings, drafts, workspace.plugins, known, date(2026, 11, 15))
            line_of = Places(drafts.documents.files).line_of
            return len(lint(context, rules, Selection(), line_of=line_of).findings)

        reading = best(lambda: read_drafts(settings.documents_folder, folder))
        judging = best(judge)
        print(f"objectives {len(drafts.documents.okrs.objectives):,}, findings {judge():,}")
        print(f"reading the documents  {reading * 1000:6.0f} ms")
        print(f"running {len(rules)} rules       {judging * 1000:6.0f} ms   {judging / reading:.2f} × reading")
        print(f"both                   {(reading + judging) * 1000:6.0f} ms   promised: < 1,000 ms")


if __name__ == "__main__":
    main()
