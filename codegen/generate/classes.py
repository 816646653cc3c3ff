"""TypedDicts as text: the class form where Python's syntax takes the keys, else the functional form."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from codegen.generate.literals import comment, literal
from codegen.generate.shapes import Field, Record, Shape, annotation, walk
from codegen.naming import STUB_NAMES, class_name

BUILTINS = frozenset({"list", "dict", "str", "int", "float", "bool"})


def reachable(records: Mapping[int, Record], roots: Iterable[Shape]) -> dict[int, Record]:
    """The classes that are used, in the order in which they were finished: children before parents."""
    if not records:
        return {}
    waiting = [part.record for part in walk(*roots) if part.kind == "record"]
    seen: set[int] = set()
    while waiting:
        number = waiting.pop()
        if number not in seen:
            seen.add(number)
            waiting += [part.record for part in walk(*_own_shapes(records[number])) if part.kind == "record"]
    return {number: record for number, record in records.items() if number in seen}


def class_names(records: Mapping[int, Record], reserved: Iterable[str]) -> dict[int, str]:
    """A name for each class, outer ones first, so that they get the name without a number."""
    if not records:
        return {}
    taken = {*reserved, *STUB_NAMES, "None", "True", "False"}
    names: dict[int, str] = {}
    for number in sorted(records):
        base = class_name(records[number].hint)
        name, count = base, 2
        while name in taken:
            name, count = f"{base}{count}", count + 1
        taken.add(name)
        names[number] = name
    return names


def class_texts(
    records: Mapping[int, Record],
    names: Mapping[int, str],
    words: Mapping[str, str],
    comments: Mapping[int, Sequence[str]],
) -> list[str]:
    """Each class as text, with the comments on its keys. `words` renames the builtins that the module's function
    shadows.
    """
    texts: list[str] = []
    defined: set[int] = set()
    for number, record in records.items():
        said = [f"  {comment(each)}" if each else "" for each in comments[number]]
        texts.append(_class_text(record, said, names[number], names, defined, words))
        defined.add(number)
    return texts


def imports(records: Iterable[Record]) -> set[str]:
    """What the classes need from `_client`, beside what their types name."""
    needed = set()
    for record in records:
        needed.add("TypedDict")
        if any(not each.required for each in record.fields):
            needed.add("NotRequired")
    return needed


_TYPING = frozenset({"Any", "Literal", "Never"})


def words_of(shapes: Iterable[Shape]) -> set[str]:
    """The names of `_client` that types use."""
    used = {"Literal" if part.kind == "choice" else part.text for part in walk(*shapes)}
    return used & _TYPING


def shapes_of(records: Iterable[Record]) -> list[Shape]:
    """The types of all keys of all classes."""
    return [shape for record in records for shape in _own_shapes(record)]


def _class_text(
    record: Record,
    said: Sequence[str],
    name: str,
    names: Mapping[int, str],
    defined: set[int],
    words: Mapping[str, str],
) -> str:
    extra = f", extra_items={annotation(record.extra, names, defined, words)}" if record.extra is not None else ""
    keys = {each.wire for each in record.fields}
    rows = list(zip(record.fields, [_typed(each, names, defined, words) for each in record.fields], said, strict=True))
    spoken = BUILTINS | STUB_NAMES | set(names.values()) | {"builtins", "TYPE_CHECKING"}
    if keys & spoken or not all(_is_plain(key) for key in keys):
        lines = [f"        {literal(each.wire)}: {typed},{beside}" for each, typed, beside in rows]
        tail = f"    {extra[2:]},\n" if extra else ""
        return f'{name} = TypedDict(\n    "{name}",\n    {{\n' + "\n".join(lines) + f"\n    }},\n{tail})"
    lines = [f"    {each.wire}: {typed}{beside}" for each, typed, beside in rows]
    return f"class {name}(TypedDict{extra}):\n" + ("\n".join(lines) or "    pass")


def _typed(each: Field, names: Mapping[int, str], defined: set[int], words: Mapping[str, str]) -> str:
    text = annotation(each.shape, names, defined, words)
    return text if each.required else f"NotRequired[{text}]"


def _is_plain(key: str) -> bool:
    """Whether the class form keeps this key as it is: Python folds Unicode and mangles a leading `__`."""
    if key.isascii():
        return key.isidentifier() and not keyword.iskeyword(key) and not key.startswith("__")
    return key.isidentifier() and unicodedata.normalize("NFKC", key) == key


def _own_shapes(record: Record) -> list[Shape]:
    return [*(each.shape for each in record.fields), *([record.extra] if record.extra is not None else [])]
