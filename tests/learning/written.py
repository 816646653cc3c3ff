"""Shapes in the words of the tests, and values to look at."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

TEXT = {"type": "string"}
WHOLE = {"type": "integer"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


def record(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": [*fields]}


def entries(shape: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": shape}
