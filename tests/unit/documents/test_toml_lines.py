"""On which line a TOML text says what."""

from __future__ import annotations

import pytest

from okrsync.toml_lines import lines_of, nearest

TEXT = (
    '''\
top = 1
"quoted key" = 2 # a comment with [[brackets]]
dotted.name = 3

[table] # with a comment
why = """
[[table]]
top = 5
"""
list = [
  "[not.a.header]",
  [1, 2], # ] no end
]
after = 'it'''
    + """'s"

[[rows]]
id = "a"
  [[rows.cells]]
  id = "b"
  [rows.cells.more]
  x = {y = [1,
    2]}
  z = 1
  [[rows.cells]]
[[rows]]
[[rows.cells]]
id = "c"
[ spaced . "out" ]
x = 1
"""
)


def test_everything_with_a_line_of_its_own_is_found() -> None:
    text = TEXT.replace("after = 'it's\"", 'after = "it\'s"')
    lines = lines_of(text)
    assert lines == {
        ("top",): 1,
        ("quoted key",): 2,
        ("dotted", "name"): 3,
        ("table",): 5,
        ("table", "why"): 6,
        ("table", "list"): 10,
        ("table", "after"): 14,
        ("rows",): 16,
        ("rows", 0): 16,
        ("rows", 0, "id"): 17,
        ("rows", 0, "cells"): 18,
        ("rows", 0, "cells", 0): 18,
        ("rows", 0, "cells", 0, "id"): 19,
        ("rows", 0, "cells", 0, "more"): 20,
        ("rows", 0, "cells", 0, "more", "x"): 21,
        ("rows", 0, "cells", 0, "more", "z"): 23,
        ("rows", 0, "cells", 1): 24,
        ("rows", 1): 25,
        ("rows", 1, "cells"): 26,
        ("rows", 1, "cells", 0): 26,
        ("rows", 1, "cells", 0, "id"): 27,
        ("spaced", "out"): 28,
        ("spaced", "out", "x"): 29,
    }


def test_headers_alone_are_the_same_headers() -> None:
    text = TEXT.replace("after = 'it's\"", 'after = "it\'s"')
    every, headers = lines_of(text), lines_of(text, keys=False)
    assert headers == {path: every[path] for path in headers}
    assert {path for path in every if path and isinstance(path[-1], int)} <= headers.keys()


@pytest.mark.parametrize(
    "value",
    [
        '"""one line"""',
        '"""a\nkey = 1\n[header]\n"""',
        '"""a\n\\"""\nkey = 1\n"""',
        '"""a\n""""',
        '"""a\n"""""',
        "'''a\nkey = 1\n'''",
        "'''a\n''''",
        "'''\\\n'''",
        '"\\"#["',
        "'\\'",
        '["]", \'"""\', # "\n"x",\n]',
        "[\n[\n]\n]",
        "{ a = [\n1 ], b = '''\n''' }",
    ],
)
def test_what_follows_a_value_is_found_on_its_line(value: str) -> None:
    text = f"first = {value}\nlast = 1\n[end]"
    line = text.split("\n").index("last = 1") + 1
    assert lines_of(text) == {("first",): 1, ("last",): line, ("end",): line + 1}


def test_the_nearest_line_is_that_of_what_is_around() -> None:
    lines = lines_of("[[rows]]\nmeasure = { from = 'x' }\n")
    assert nearest(lines, ("rows", 0, "measure", "from")) == 2
    assert nearest(lines, ("rows", 0, "missing")) == 1
    assert nearest(lines, ("elsewhere",)) == 0
