"""One tool or skill by its name, and what its file says."""

from __future__ import annotations

from codegen.errors import UnknownToolError
from codegen.search.query import lookup, search

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from codegen.search.answer import Hit

_ALWAYS = ("# Code generated", "from .._client", "    return call(")


def named(index: str, name: str) -> Hit:
    """The tool or skill of a name (`server.tool`, `skills.name`). Raises UnknownToolError with the nearest ones."""
    hit = lookup(index, name)
    if hit is None:
        near = search(index, [name.replace(".", " ").replace("_", " ")], k=3)[0].hits
        hint = (
            f"near: {', '.join(each.path for each in near)}" if near else "codegen search finds tools by what they do"
        )
        raise UnknownToolError(f"nothing is called {name!r}", hint=hint)
    return hit


def text_of(root: Path, hit: Hit) -> str:
    """What a hit's file says, without the lines that every generated file has; `root` is the workspace's."""
    folder, _, name = hit.path.partition(".")
    file = (root if folder == "skills" else root / "servers") / folder / f"{name}.py"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else [hit.signature]
    kept = lines if folder == "skills" else [line for line in lines if not line.startswith(_ALWAYS)]
    return "\n".join([f"# {hit.path}", *kept]).replace("\n\n\n", "\n").strip()
