"""One schema as a module of its own: its classes, and the type under a name."""

from __future__ import annotations

from codegen.generate.classes import class_names, class_texts, imports, reachable, shapes_of, words_of
from codegen.generate.refs import Document
from codegen.generate.shapes import annotation
from codegen.generate.types import Types


def generate_alias(
    schema: object, name: str = "RootT", *, faithful: bool = False, source: str = "typing_extensions"
) -> str:
    """The text of a module in which `name` is the type of `schema`. Never raises.

    `source` is the module that gives `Any`, `Literal`, `NotRequired` and `TypedDict`; `faithful` as in `Types`.
    """
    types = Types(faithful=faithful)
    shape = types.exact(schema, Document(schema if isinstance(schema, dict) else {}, faithful=faithful), "root")
    records = reachable(types.records, [shape])
    names = class_names(records, {name})
    comments = {number: [each.comment for each in record.fields] for number, record in records.items()}
    needed = {*imports(records.values()), *words_of([shape, *shapes_of(records.values())])}
    head = [f"from {source} import {', '.join(sorted(needed))}"] if needed else []
    return (
        "\n\n\n".join(
            [*head, *class_texts(records, names, {}, comments), f"{name} = {annotation(shape, names, records)}"]
        )
        + "\n"
    )
