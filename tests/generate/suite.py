"""JSON-Schema-Test-Suite as types: each group's module, executed as something that validates, or read by ty."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import typing_extensions as te
from pydantic import ConfigDict, TypeAdapter, ValidationError

from codegen.generate.alias import generate_alias
from codegen.generate.literals import literal
from codegen.validation.loosen import schemas_in

SUITE = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "json-schema-suite"
TY = Path(sys.executable).with_name("ty")


@dataclass(frozen=True)
class Case:
    """One instance of the suite and what its schema says of it."""

    name: str
    group: int
    schema: Any
    data: Any
    valid: bool


def cases() -> Iterator[Case]:
    number = 0
    for file in sorted(SUITE.glob("*/*.json")):
        for group in json.loads(file.read_text(encoding="utf-8")):
            number += 1
            for test in group["tests"]:
                name = f"{file.parent.name}/{file.stem}: {group['description']}: {test['description']}"
                yield Case(name, number, group["schema"], test["data"], test["valid"])


def adapter(schema: Any, *, faithful: bool) -> TypeAdapter[Any] | None:
    """The schema's type, executed, as something that validates; None for `Never`, which pydantic doesn't know."""
    module = ModuleType("suite_types")
    sys.modules["suite_types"] = module  # where pydantic looks for what quotes name
    scope = module.__dict__
    exec(generate_alias(schema, faithful=faithful), scope)
    for each in list(scope.values()):
        if te.is_typeddict(each):
            if isinstance(each.__extra_items__, str):  # which pydantic doesn't look up
                each.__extra_items__ = eval(each.__extra_items__, scope)
            closed = each.__extra_items__ is te.NoExtraItems
            each.__pydantic_config__ = ConfigDict(strict=True, extra="forbid") if closed else ConfigDict(strict=True)
    return None if scope["RootT"] is te.Never else TypeAdapter(scope["RootT"])


def accepts(types: TypeAdapter[Any] | None, value: object) -> bool:
    if types is None:
        return False
    try:
        types.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def refused_when_run(*, faithful: bool) -> list[Case]:
    """What the types refuse of the values themselves."""
    made: dict[int, TypeAdapter[Any] | None] = {}
    found = []
    for case in cases():
        if case.group not in made:
            made[case.group] = adapter(case.schema, faithful=faithful)
        if not accepts(made[case.group], case.data):
            found.append(case)
    return found


def refused_by_ty(folder: Path, *, faithful: bool) -> list[Case]:
    """What ty refuses of the values as literals: a module for each group, one run."""
    lines: dict[tuple[str, int], Case] = {}
    texts: dict[int, list[str]] = {}
    for case in cases():
        if case.group not in texts:
            texts[case.group] = generate_alias(case.schema, faithful=faithful).splitlines()
        text = texts[case.group]
        text.append(f"x{len(text)}: RootT = {literal(case.data)}")
        lines[f"group{case.group}.py", len(text)] = case
    for group, text in texts.items():
        (folder / f"group{group}.py").write_text("\n".join(text) + "\n", encoding="utf-8")
    done = subprocess.run(
        [TY, "check", "--output-format", "concise", "--python-version", "3.11", "--error-on-warning", "."],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = [(file, int(line)) for file, line in re.findall(r"^(group\d+\.py):(\d+):", done.stdout, re.MULTILINE)]
    assert done.returncode == (1 if found else 0), done.stderr
    assert set(found) <= set(lines), "a type itself is refused"
    return [lines[each] for each in dict.fromkeys(found)]


def reason(case: Case) -> str:
    """Which of the three ways in which tools mean a schema otherwise refuses a valid value; nothing if none does.

    Told from schema and value alone, so that it holds for every edition of the suite: what stands for a reason is said
    outright in the schema (or the value), and then the value is accepted.
    """
    for name, said in _SAID.items():
        schema, data = said(copy.deepcopy(case.schema), copy.deepcopy(case.data))
        if accepts(adapter(schema, faithful=False), data):
            return name
    return ""


def _whole(schema: Any, data: Any) -> tuple[Any, Any]:
    return schema, int(data) if isinstance(data, float) and data.is_integer() else data


def _open(schema: Any, data: Any) -> tuple[Any, Any]:
    for each in schemas_in(schema):
        if not each.keys().isdisjoint({"properties", "patternProperties"}):
            each.setdefault("additionalProperties", True)
    return schema, data


def _any_type(schema: Any, data: Any) -> tuple[Any, Any]:
    for each in schemas_in(schema):
        each.setdefault("type", ["object", "array", "string", "number", "boolean", "null"])
    return schema, data


_SAID = {
    "1.0 is no integer": _whole,
    "an object that does not say otherwise is closed": _open,
    "a schema without a type means what its words are about": _any_type,
}
