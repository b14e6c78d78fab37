"""The JSON Schema of okrsync.toml, for editors. It comes from the models that reading uses."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from okrsync.settings.models import Settings
from okrsync.settings.times import written_duration


class _ForToml(GenerateJsonSchema):
    """TOML has no null: a key without a value is left out."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = self.generate_inner(schema["schema"])
        default = schema.get("default")
        if default is None or isinstance(default, BaseModel):
            return described
        return {**described, "default": list(default) if isinstance(default, tuple) else written_duration(default)}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def settings_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the settings, for their values as TOML parsers give them, dates as text."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Settings.model_json_schema(by_alias=True, schema_generator=_ForToml),
        "title": "okrsync.toml",
        "description": "The settings of an okrsync workspace.",
    }
