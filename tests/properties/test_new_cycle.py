"""Whatever a cycle held, the documents of the next one are valid beside it and say what was meant."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.documents.creating import write_new
from okrsync.documents.loading import load
from okrsync.documents.new_cycle import by_path, new_documents
from okrsync.documents.reading import Surroundings
from okrsync.domain.cycle import parse_cycle
from okrsync.domain.ref import Ref
from okrsync.practice.carrying_over import Choices, carry_over, ended
from okrsync.practice.scoring import Bounds

NEW = parse_cycle("2027-Q1")
CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])
LINE = st.text(CHARACTERS, min_size=1, max_size=20).filter(str.strip)
NUMBER = st.integers(-1000, 1000) | st.floats(-1e6, 1e6, allow_nan=False).map(lambda each: round(each, 3))
MEASURES = st.sampled_from(
    [
        'from = "manual"',
        'from = "field", field = "KR \\"current\\""',
        'from = "children", of = "objective"',
        'from = "count", query = "labels = \\"x\\"", since = 2026-10-01',
        'from = "http", url = "https://x.example", headers = { "X-A b" = "1" }, path = ["a", 1]',
    ]
)
KINDS = st.sampled_from(["reach", "maintain", "done"])
KEY_RESULT = st.tuples(LINE, NUMBER, NUMBER, KINDS, MEASURES, st.none() | NUMBER)
OBJECTIVE = st.tuples(LINE, LINE, st.lists(KEY_RESULT, max_size=3), st.integers(0, 1), st.integers(0, 3))


def text_of(value: str) -> str:
    return str(tomlkit.item(value).as_string())


@settings(max_examples=25, deadline=None)
@given(
    drawn=st.lists(OBJECTIVE, min_size=1, max_size=4),
    low=st.booleans(),
    all_of_them=st.booleans(),
    nested=st.sampled_from(["a.toml", "2026-Q4/a.toml", "teams/a-2026-Q4.toml"]),
)
def test_the_new_documents_are_valid_and_hold_what_goes_on(
    drawn: list[tuple[str, str, list[tuple[str, float, float, str, str, float | None]], int, int]],
    low: bool,
    all_of_them: bool,
    nested: str,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        values: dict[Ref, float | None] = {}
        for file in (0, 1):
            lines = ['cycle = "2026-Q4"', 'level = "team"', 'owner = "dana"']
            for number, (title, why, key_results, place, parent) in enumerate(drawn):
                if place != file:
                    continue
                aligns = [f"o{parent}"] if parent < number else []
                lines += ["[[objectives]]", f'id = "o{number}"', f"title = {text_of(title)}", f"why = {text_of(why)}"]
                lines += [f"aligns_to = {json.dumps(aligns)}", f"owner = {text_of(title)}"]
                for index, (its, baseline, target, kind, measure, value) in enumerate(key_results):
                    if kind == "reach" and baseline == target:
                        continue
                    values[Ref("2026-Q4", f"o{number}", f"k{index}")] = value
                    lines += ["[[objectives.key_results]]", f'id = "k{index}"', f"title = {text_of(its)}"]
                    lines += [f'kind = "{kind}"', f"measure = {{ {measure} }}"]
                    lines += [f"baseline = {baseline}", f"target = {target}"] if kind == "reach" else []
                    lines += [f"min = {min(baseline, target)}", f"max = {max(baseline, target)}"] * (kind == "maintain")
            path = root / nested.replace("a", f"a{file}", 1)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join([*lines, ""]), "utf-8")
        documents = load(root, root)
        okrs = documents.okrs.in_cycle("2026-Q4")
        endings = {
            each.ref: ended(each, values[each.ref], Bounds()) for whole in okrs.objectives for each in whole.key_results
        }
        go_on = frozenset(each.ref for each in okrs.objectives) | frozenset(endings) if all_of_them else frozenset()
        carrying = carry_over(okrs, endings, NEW, Choices(go_on, keep_low=low))
        made = new_documents(carrying, documents, NEW, "2026-Q4", root, root, Surroundings())
        write_new(*by_path(made))

        after = load(root, root).okrs
        assert after.in_cycle("2026-Q4") == okrs
        found = after.in_cycle("2027-Q1").by_ref
        assert found.keys() == {each.ref for each in carrying.objectives}
        for each in carrying.objectives:
            written = found[each.ref]
            assert (written.why, written.owner, written.aligns_to) == (
                each.before.why,
                each.before.owner,
                each.aligns_to,
            )
            numbers = {result.ref: (result.baseline, result.target, result.measure) for result in written.key_results}
            for result in each.key_results:
                measure = result.before.key_result.measure
                if result.is_complete and result.before.key_result.kind == "reach":
                    assert numbers[result.ref] == (result.baseline, result.target, measure)
                assert (result.ref in numbers) == result.is_complete
