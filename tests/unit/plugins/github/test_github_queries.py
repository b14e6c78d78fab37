"""Every GraphQL document is well formed; `tests/conformance` checks them against GitHub's own schema."""

from __future__ import annotations

import re

import pytest
from graphql import OperationDefinitionNode, parse

from okrsync_github import queries


@pytest.mark.parametrize("name", queries.SAMPLES)
def test_documents_parse_and_use_what_they_declare(name: str) -> None:
    document = queries.SAMPLES[name]
    (operation,) = parse(document).definitions

    assert isinstance(operation, OperationDefinitionNode)
    declared = [each.variable.name.value for each in operation.variable_definitions]
    assert len(set(declared)) == len(declared)
    for variable in declared:
        assert len(re.findall(rf"\${variable}\b", document)) == 2, f"${variable} is declared and used once"


@pytest.mark.parametrize("count", [1, 20])
def test_mutations_are_batched_by_aliases(count: int) -> None:
    document = queries.set_values(count)

    assert document.count("updateProjectV2ItemFieldValue(") == count
    assert f"m{count - 1}:" in document and f"m{count}:" not in document
