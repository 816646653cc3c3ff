"""What the index keeps of a generated package."""

from __future__ import annotations

from collections.abc import Iterator

from codegen.generate.module import Module
from codegen.generate.package import Package
from codegen.model import JsonSchema
from codegen.search.fields import Entry


def entries_of(package: Package, use: str) -> list[Entry]:
    """An entry for each tool; `use` is the server's when-to-use line."""
    return [_entry(module, use) for module in package.modules]


def _entry(module: Module, use: str) -> Entry:
    tool, signature = module.tool, module.signature
    return Entry(
        path=signature.path,
        server=tool.server,
        name=tool.name,
        title=tool.title,
        description=tool.description,
        parameters=tuple(_parameters(tool.input_schema)),
        server_summary=use,
        signature=signature.line,
        brief=f"{signature.path.rpartition('.')[0]}.{signature.brief}",  # hits of several servers stand together
        summary=signature.summary,
        effect=signature.effect,
    )


def _parameters(schema: JsonSchema) -> Iterator[tuple[str, str]]:
    """Each parameter with its description and the values it may have."""
    properties = schema.get("properties")
    for name, each in properties.items() if isinstance(properties, dict) else ():
        said = each if isinstance(each, dict) else {}
        values = said.get("enum")
        words = [said.get("description"), *(values if isinstance(values, list) else ())]
        yield name, " ".join(word for word in words if isinstance(word, str))
