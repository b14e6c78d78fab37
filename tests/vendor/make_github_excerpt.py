"""Rebuilds `tests/vendor/github/` from the npm packages that carry GitHub's own API descriptions.

    npm install @octokit/openapi @octokit/graphql-schema
    python tests/vendor/make_github_excerpt.py node_modules

The packages' versions are in `NOTICE.md`, which this script writes too; from the same versions it writes the same
bytes.  Of the REST description it takes the operations that the sandbox speaks, with the schemas that they need; of
the GraphQL schema it takes everything.  Descriptions and examples are left out.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "github"
REPOSITORY = "/repos/{owner}/{repo}"
OPERATIONS: tuple[tuple[str, str], ...] = (
    ("get", "/meta"),
    ("get", "/rate_limit"),
    ("get", "/user"),
    ("get", "/user/repos"),
    ("get", "/orgs/{org}/repos"),
    ("get", "/orgs/{org}/issue-fields"),
    ("get", "/installation/repositories"),
    ("get", "/search/issues"),
    ("get", REPOSITORY),
    ("get", f"{REPOSITORY}/milestones"),
    ("post", f"{REPOSITORY}/milestones"),
    ("get", f"{REPOSITORY}/milestones/{{milestone_number}}"),
    ("patch", f"{REPOSITORY}/milestones/{{milestone_number}}"),
    ("delete", f"{REPOSITORY}/milestones/{{milestone_number}}"),
    ("get", f"{REPOSITORY}/issues"),
    ("post", f"{REPOSITORY}/issues"),
    ("get", f"{REPOSITORY}/issues/{{issue_number}}"),
    ("patch", f"{REPOSITORY}/issues/{{issue_number}}"),
    ("get", f"{REPOSITORY}/issues/{{issue_number}}/comments"),
    ("post", f"{REPOSITORY}/issues/{{issue_number}}/comments"),
    ("get", f"{REPOSITORY}/issues/comments"),
    ("get", f"{REPOSITORY}/issues/comments/{{comment_id}}"),
    ("patch", f"{REPOSITORY}/issues/comments/{{comment_id}}"),
    ("delete", f"{REPOSITORY}/issues/comments/{{comment_id}}"),
    ("get", f"{REPOSITORY}/issues/{{issue_number}}/labels"),
    ("post", f"{REPOSITORY}/issues/{{issue_number}}/labels"),
    ("delete", f"{REPOSITORY}/issues/{{issue_number}}/labels/{{name}}"),
    ("get", f"{REPOSITORY}/issues/{{issue_number}}/issue-field-values"),
    ("get", f"{REPOSITORY}/issues/{{issue_number}}/parent"),
    ("get", f"{REPOSITORY}/issues/{{issue_number}}/sub_issues"),
    ("post", f"{REPOSITORY}/issues/{{issue_number}}/sub_issues"),
    ("delete", f"{REPOSITORY}/issues/{{issue_number}}/sub_issue"),
    ("get", f"{REPOSITORY}/labels"),
    ("post", f"{REPOSITORY}/labels"),
    ("get", f"{REPOSITORY}/labels/{{name}}"),
)
ALWAYS = ("#/components/schemas/basic-error", "#/components/schemas/validation-error")
LEFT_OUT = frozenset({"description", "example", "examples", "externalDocs", "summary", "tags", "title"})
DESCRIPTION = re.compile(r'"""(?:.|\n)*?"""')


def rest_excerpt(whole: dict[str, Any]) -> dict[str, Any]:
    """The operations that the sandbox speaks, and every component that they lead to."""
    paths: dict[str, Any] = {}
    for method, path in OPERATIONS:
        paths.setdefault(path, {})[method] = _bare(whole["paths"][path][method])
    components: dict[str, dict[str, Any]] = {}
    waiting = [*ALWAYS, *_references(paths)]
    while waiting:
        _, _, kind, name = waiting.pop().split("/")
        if name not in components.setdefault(kind, {}):
            components[kind][name] = _bare(whole["components"][kind][name])
            waiting += _references(components[kind][name])
    return {"openapi": whole["openapi"], "info": _bare(whole["info"]), "paths": paths, "components": components}


def _bare(part: Any, *, names: bool = False) -> Any:
    """The part without prose; `names` where the keys are names that somebody chose, such as properties."""
    if isinstance(part, list):
        return [_bare(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _bare(value, names=key in ("properties", "responses", "headers") and not names)
        for key, value in part.items()
        if names or not (key in LEFT_OUT or key.startswith("x-"))
    }


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _references(one)
    elif isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for one in part.values():
            yield from _references(one)


def graphql_excerpt(text: str) -> bytes:
    """The whole schema without descriptions and blank lines, gzipped without a date."""
    lines = (line.strip() for line in DESCRIPTION.sub("", text).splitlines())
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, packed, mtime=0) as file:
        file.write("\n".join(line for line in lines if line).encode() + b"\n")
    return packed.getvalue()


def notice(packages: list[Path]) -> str:
    """Where the files come from, and their licences."""
    parts = ["# GitHub's API descriptions, in excerpts\n"]
    for folder in packages:
        about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        licence = next(folder.glob("LICENSE*")).read_text(encoding="utf-8")
        parts.append(f"## {about['name']} {about['version']}\n\n{licence.strip()}\n")
    parts.append("Rebuilt by `tests/vendor/make_github_excerpt.py`; see there for what is left out.\n")
    return "\n".join(parts)


def main(node_modules: Path) -> None:
    """Write the excerpts."""
    openapi, graphql = node_modules / "@octokit" / "openapi", node_modules / "@octokit" / "graphql-schema"
    whole = json.loads((openapi / "generated" / "api.github.com.json").read_text(encoding="utf-8"))
    HERE.mkdir(exist_ok=True)
    text = json.dumps(rest_excerpt(whole), indent=1, sort_keys=True, ensure_ascii=False)
    (HERE / "rest.json").write_text(f"{text}\n", encoding="utf-8")
    schema = (graphql / "schema.graphql").read_text(encoding="utf-8")
    (HERE / "schema.graphql.gz").write_bytes(graphql_excerpt(schema))
    (HERE / "NOTICE.md").write_text(notice([openapi, graphql]), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
