"""JSON-Schema-Test-Suite, where it lies beside the repository: a type accepts what its schema accepts."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typing_extensions as te
from pydantic import ConfigDict, TypeAdapter, ValidationError

from codegen.generate.classes import class_names, class_texts, reachable
from codegen.generate.refs import Document
from codegen.generate.shapes import annotation
from codegen.generate.types import Types

SUITE = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "json-schema-suite"

pytestmark = pytest.mark.skipif(not SUITE.is_dir(), reason=f"no suite at {SUITE}")


def groups() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(SUITE.glob("*/*.json")):
        for group in json.loads(file.read_text(encoding="utf-8")):
            yield f"{file.parent.name}/{file.stem}: {group['description']}", group


def adapter(schema: Any, *, faithful: bool) -> TypeAdapter[Any]:
    """The schema's type with its classes, executed, as something that validates."""
    types = Types(faithful=faithful)
    shape = types.shape(schema, Document(schema if isinstance(schema, dict) else {}), "root")
    records = reachable(types.records, [shape])
    names = class_names(records, {"RootT"})
    source = "\n\n".join([*class_texts(records, names, {}), f"RootT = {annotation(shape, names, records)}"])
    module = ModuleType("suite_types")
    sys.modules["suite_types"] = module  # where pydantic looks for what quotes name
    scope = module.__dict__
    scope.update(Any=Any, Literal=te.Literal, NotRequired=te.NotRequired, TypedDict=te.TypedDict)
    exec(source, scope)
    for each in list(scope.values()):
        if te.is_typeddict(each):
            closed = each.__extra_items__ is te.NoExtraItems
            each.__pydantic_config__ = ConfigDict(strict=True, extra="forbid") if closed else ConfigDict(strict=True)
    return TypeAdapter(scope["RootT"])


def accepts(types: TypeAdapter[Any], value: object) -> bool:
    try:
        types.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def refused(*, faithful: bool) -> tuple[list[str], Counter[bool]]:
    """The valid tests whose value the type refuses, and how many invalid ones it refuses and accepts."""
    wrong, invalid = [], Counter[bool]()
    for name, group in groups():
        types = adapter(group["schema"], faithful=faithful)
        for test in group["tests"]:
            accepted = accepts(types, test["data"])
            if not test["valid"]:
                invalid[accepted] += 1
            elif not accepted:
                wrong.append(f"{name}: {test['description']}")
    return wrong, invalid


def test_read_by_the_letter_every_valid_value_is_accepted() -> None:
    wrong, _ = refused(faithful=True)
    # Python's int takes no 1.0 when asked strictly.
    assert [each for each in wrong if not each.endswith("fractional part is an integer")] == []


def test_read_as_tools_mean_it_only_known_values_are_refused() -> None:
    """Three reasons, each a choice: a schema without a type means what its words are about; an object that doesn't say
    otherwise is closed; `1.0` is no integer."""
    known = json.loads(Path(__file__).with_name("suite_exceptions.json").read_text(encoding="utf-8"))
    wrong, invalid = refused(faithful=False)
    assert sorted(wrong) == sorted(each for tests in known.values() for each in tests)
    assert invalid[False] / invalid.total() > 0.35
