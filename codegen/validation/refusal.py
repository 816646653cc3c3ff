"""What is wrong with a call's arguments, in words its author can act on: where, what was given, what is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from jsonschema_rs import ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

from codegen.model import JsonSchema
from codegen.validation.wording import Accepted, broken_rule, key, mismatch, nearest, unknown

MOST_FAULTS = 5
MOST_READ = 100
"""Faults that are put in words, of which some may say the same."""

Path = tuple[str | int, ...]
Variant = list[ValidationError]
"""What speaks against one branch of anyOf or oneOf."""

_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "list", "object": "dict"}
_TYPES |= {"null": "None"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong; `path` is the wire's. What is said of it is only found where it is shown."""

    path: Path
    say: Callable[[], str]


def refusal(errors: Sequence[ValidationError], schema: JsonSchema, names: Mapping[str, str]) -> str:
    """The errors as text; `names` maps wire names to the parameters that the script's author knows."""
    try:
        found = [fault for error in _telling(errors) for fault in _faults(error, schema)]
        outermost_first = sorted(found, key=lambda each: len(each.path))
        lines, count = _first(outermost_first, names)
    except RecursionError:  # variants of variants of variants
        return "the arguments don't fit the tool's schema (nothing was sent)"
    if count == 1:
        return f"{lines[0]} (nothing was sent)"
    more = [f"…+{count - len(lines)}"] if count > len(lines) else []
    shown = "".join(f"\n  {line}" for line in [*lines, *more])
    return f"{count} errors in the arguments, nothing was sent{shown}"


def _first(faults: Sequence[Fault], names: Mapping[str, str]) -> tuple[list[str], int]:
    """The lines that are shown, and how many there would be: looking for the nearest name takes its time."""
    lines: dict[str, None] = {}
    read = 0
    for each in faults[:MOST_READ]:
        if len(lines) == MOST_FAULTS:
            break
        lines[f"{_where(each.path, names)}{each.say()}"] = None
        read += 1
    return list(lines), len(lines) + len(faults) - read


def _where(path: Path, names: Mapping[str, str]) -> str:
    """`items[0].qty: `; the call as a whole has no name."""
    if not path:
        return ""
    first, *rest = path
    text = names.get(str(first)) or key(str(first))
    return text + "".join(f"[{each}]" if isinstance(each, int) else f".{key(each)}" for each in rest) + ": "


def _faults(error: ValidationError, schema: JsonSchema) -> list[Fault]:
    path = tuple(error.instance_path)
    match error.kind:
        case Kind.AnyOf(context=variants) | Kind.OneOfNotValid(context=variants):
            return _of_variants(error, variants, schema)
        case Kind.Required(property=missing):
            return [Fault((*path, missing), partial(_missing, missing, error, schema))]
        case Kind.AdditionalProperties(unexpected=keys) | Kind.UnevaluatedProperties(unexpected=keys):
            known = _siblings(error, schema)
            return [Fault((*path, each), partial(unknown, each, known)) for each in keys]
        case Kind.PropertyNames(error=inner):
            return [Fault((*path, str(inner.instance)), partial(_of_key, each)) for each in _faults(inner, schema)]
        case Kind.OneOfMultipleValid(context=variants) if ways := _ways(error, variants, schema):
            return [Fault(path, partial("given together, of which only one may be: {}".format, " | ".join(ways)))]
    return [Fault(path, partial(_of_value, path, error, schema))]


def _of_value(path: Path, error: ValidationError, schema: JsonSchema) -> str:
    accepted = _accepted(error)
    if accepted is not None:
        return _mismatch(path, error.instance, accepted, schema)
    kind = error.kind
    limit = next((getattr(kind, word) for word in ("limit", "multiple_of", "pattern") if hasattr(kind, word)), None)
    return broken_rule(error.instance, kind.name, limit)


def _of_key(inner: Fault) -> str:
    return f"as a key, {inner.say()}"


def _accepted(error: ValidationError) -> Accepted | None:
    """What would do in the place of a value of the wrong kind; None for an error of another sort."""
    match error.kind:
        case Kind.Type(types=types):
            return Accepted(types=tuple(_TYPES.get(each, each) for each in types))
        case Kind.Enum(options=options):
            return Accepted(values=tuple(options))
        case Kind.Constant(expected_value=value):
            return Accepted(values=(value,))
    return None


def _mismatch(path: Path, value: object, accepted: Accepted, schema: JsonSchema) -> str:
    said = mismatch(value, accepted)
    needed = schema.get("required")
    if value is None and len(path) == 1 and not (isinstance(needed, list) and path[0] in needed):
        said += "; None is sent as null: leave the argument out instead"
    return said


def _of_variants(error: ValidationError, variants: list[Variant], schema: JsonSchema) -> list[Fault]:
    """The errors of the variant that was meant: one for this kind of value, with the right tag, closest to fitting."""
    path = tuple(error.instance_path)
    depth = len(path)
    variants = [_telling(variant) for variant in variants]
    fitting = [variant for variant in variants if _wanted(variant, depth) is None]
    if not fitting:
        accepted = _either(_wanted(variant, depth) for variant in variants)
        return [Fault(path, partial(_mismatch, path, error.instance, accepted, schema))]
    tags = [_tags(variant, depth) for variant in fitting]
    shared = set.intersection(*map(set, tags))
    if len(fitting) > 1 and shared:
        tag = min(shared, key=str)
        accepted = _either(_accepted(each[tag]) for each in tags)
        place = (*path, tag)
        return [Fault(place, partial(_mismatch, place, tags[0][tag].instance, accepted, schema))]
    meant = [v for v, wrong in zip(fitting, tags, strict=True) if not any(map(_is_tag, wrong.values()))] or fitting
    lacking = [set(_lacking(variant, depth)) for variant in meant]
    if len(meant) > 1 and all(lacking):
        least = [each for each in lacking if not any(other < each for other in lacking)]
        ways = dict.fromkeys(" + ".join(map(key, sorted(each))) for each in least)
        return [Fault(path, partial("{} is missing".format, " or ".join(ways)))]
    return [fault for each in min(meant, key=_distance) for fault in _faults(each, schema)]


def _telling(errors: Sequence[ValidationError]) -> Variant:
    """Without the type of a value where the values that would do are listed as well."""
    listed = {tuple(each.instance_path) for each in errors if isinstance(each.kind, (Kind.Enum, Kind.Constant))}
    return [each for each in errors if not (isinstance(each.kind, Kind.Type) and tuple(each.instance_path) in listed)]


def _either(accepted: Iterable[Accepted | None]) -> Accepted:
    whole = Accepted()
    for each in accepted:
        whole |= each or Accepted()
    return whole


def _wanted(variant: Variant, depth: int) -> Accepted | None:
    """What a variant accepts instead, if it is not for this kind of value at all."""
    for error in variant:
        if len(error.instance_path) == depth:
            match error.kind:
                case Kind.AnyOf(context=variants) | Kind.OneOfNotValid(context=variants):
                    inner = [_wanted(_telling(each), depth) for each in variants]
                    accepted = None if None in inner else _either(inner)
                case _:
                    accepted = _accepted(error)
            if accepted is not None:
                return accepted
    return None


def _tags(variant: Variant, depth: int) -> dict[str | int, ValidationError]:
    """Keys whose value says that another variant was meant."""
    return {
        error.instance_path[-1]: error
        for error in variant
        if len(error.instance_path) == depth + 1 and isinstance(error.kind, (Kind.Constant, Kind.Enum))
    }


def _is_tag(error: ValidationError) -> bool:
    """Whether a variant allows a key one value only: then the key tells the variants apart."""
    return isinstance(error.kind, Kind.Constant) or (isinstance(error.kind, Kind.Enum) and len(error.kind.options) == 1)


def _distance(variant: Variant) -> int:
    """How far a value is from a variant. A key that is missing or has another list's value says more than the rest."""
    heavy = (Kind.Required, Kind.Enum, Kind.Constant)
    return sum(2 if isinstance(error.kind, heavy) else 1 for error in variant)


def _ways(error: ValidationError, variants: list[Variant], schema: JsonSchema) -> list[str]:
    """The keys that each of the variants that fit asks for; none where one of them asks for none."""
    branches = _at(schema, error.schema_path)
    if not isinstance(branches, list) or len(branches) != len(variants):
        return []
    fitting = [branch for branch, wrong in zip(branches, variants, strict=True) if not wrong]
    needed = [branch.get("required") if isinstance(branch, dict) else None for branch in fitting]
    lists = [names for names in needed if isinstance(names, list) and names]
    return [" + ".join(map(key, map(str, names))) for names in lists] if len(lists) == len(fitting) else []


def _lacking(variant: Variant, depth: int) -> list[str]:
    """The keys that a variant needs, if it needs nothing else."""
    needed = [e.kind.property for e in variant if isinstance(e.kind, Kind.Required) and len(e.instance_path) == depth]
    return needed if len(needed) == len(variant) else []


def _siblings(error: ValidationError, schema: JsonSchema) -> list[str]:
    """The keys that the schema of an error names; none when it can't be found."""
    named = _at(schema, [*error.schema_path[:-1], "properties"])
    return list(named) if isinstance(named, dict) else []


def _at(schema: JsonSchema, path: Sequence[str | int]) -> object:
    at: Any = schema
    try:
        for step in path:
            at = at[step]
    except (LookupError, TypeError):
        return None
    return at


def _missing(name: str, error: ValidationError, schema: JsonSchema) -> str:
    return "missing" + _misspelt(name, error, schema)


def _misspelt(missing: str, error: ValidationError, schema: JsonSchema) -> str:
    """A key that was given and that nobody knows may be the one that is missing."""
    if _at(schema, [*error.schema_path[:-1], "additionalProperties"]) is False:
        return ""  # which says it of that key
    known = set(_siblings(error, schema))
    given = error.instance if isinstance(error.instance, dict) else {}
    close = nearest(missing, (each for each in given if each not in known))
    return f"; {key(close[0])} given, not known" if close else ""
