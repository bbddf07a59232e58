"""The JSON Schema of the configuration: what an editor needs to complete keys and to mark mistakes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from exporter.config.model import Config
from exporter.config.values import duration_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Schema(GenerateJsonSchema):
    """Shows defaults as one would write them."""

    def encode_default(self, dft: Any) -> Any:
        """The default value in YAML's terms."""
        return duration_text(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def text() -> str:
    """The schema, in draft 2020-12. It knows each key by itself; --check-config also compares keys, and the data."""
    schema = Config.model_json_schema(schema_generator=_Schema)
    return json.dumps({"$schema": DIALECT, **schema}, indent=2) + "\n"
