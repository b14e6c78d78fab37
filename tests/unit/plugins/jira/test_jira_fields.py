"""Fields by name: found, missing, ambiguous."""

from __future__ import annotations

from typing import Any

from okrsync_jira.fields import EPIC_LINK, Catalogue


def custom(number: int, name: str, kind: str = "number", **more: Any) -> dict[str, Any]:
    return {"id": f"customfield_{number}", "name": name, "schema": {"type": kind}, **more}


CATALOGUE = Catalogue.of(
    [
        {"id": "summary", "name": "Summary", "schema": {"type": "string", "system": "summary"}},
        custom(1, "KR current"),
        custom(2, "Progress"),
        custom(3, "Progress", "string", scope={"type": "PROJECT", "project": {"id": 10003}}),
        custom(4, "kr TARGET"),
        {"id": "customfield_5", "name": "Épopée", "schema": {"type": "any", "custom": EPIC_LINK}},
        {"id": "customfield_6"},
        {"name": "no id"},
    ]
)


def test_a_name_is_resolved_whatever_its_letter_case() -> None:
    assert [each.id for each in CATALOGUE.named("KR current")] == ["customfield_1"]
    assert [each.id for each in CATALOGUE.named("kr target ")] == ["customfield_4"]


def test_an_exact_name_wins_over_another_letter_case() -> None:
    both = Catalogue.of([custom(1, "KR current"), custom(2, "KR Current")])
    assert [each.id for each in both.named("KR Current")] == ["customfield_2"]
    assert len(both.named("kr current")) == 2


def test_an_id_settles_an_ambiguous_name() -> None:
    assert len(CATALOGUE.named("Progress")) == 2
    assert [each.name for each in CATALOGUE.named("customfield_3")] == ["Progress"]


def test_a_missing_name_is_explained() -> None:
    text = CATALOGUE.missing("KR curent")
    assert "the closest are 'KR current'" in text
    assert "'kr TARGET'" in text, "the number fields that exist"
    assert "administrator" in text
    assert "no custom number field" in Catalogue(()).missing("KR current")


def test_an_ambiguous_name_is_explained() -> None:
    found = CATALOGUE.named("Progress")
    text = CATALOGUE.ambiguous("Progress", found, {"customfield_2": "on the screen of Task in PLAT"})
    assert "customfield_2 (number) on the screen of Task in PLAT" in text
    assert "customfield_3 (text, only in project 10003)" in text
    assert "write the id" in text


def test_the_fields_of_jira_software_are_known_by_their_type() -> None:
    found = CATALOGUE.of_kind(EPIC_LINK)
    assert found is not None
    assert found.name == "Épopée"
    assert Catalogue(()).of_kind(EPIC_LINK) is None


def test_types_in_plain_words() -> None:
    listed = [("number", "number"), ("string", "text"), ("datetime", "date"), ("option", "option"), ("user", "user")]
    catalogue = Catalogue.of([custom(number, str(number), raw) for number, (raw, _) in enumerate(listed)])
    assert [each.type for each in catalogue.fields] == [plain for _, plain in listed]
    many = Catalogue.of([{"id": "customfield_1", "name": "x", "schema": {"type": "array", "items": "option"}}])
    assert many.fields[0].type == "option"
