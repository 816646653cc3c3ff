"""One tool, skill or server by its name, and what its file says."""

from __future__ import annotations

from codegen.errors import UnknownToolError, nearest
from codegen.search.names import lookup, paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from codegen.search.answer import Hit

_ALWAYS = ("# Code generated", "from .._client", "    return call(")


def described(root: Path, index: str, name: str) -> str:
    """A tool's or skill's types, signature and text, or a server's list of tools; `root` is the workspace's.

    Raises UnknownToolError with the nearest name.
    """
    return server_text(root, name) or text_of(root, named(index, name))


def server_text(root: Path, name: str) -> str:
    """What servers/<name>/README.md says; empty when `name` is no server's folder."""
    readme = root / "servers" / name / "README.md"
    plain = name.isidentifier() and readme.is_file()
    return readme.read_text(encoding="utf-8").rstrip() if plain else ""


def named(index: str, name: str) -> Hit:
    """The tool or skill of a name (`server.tool`, `skills.name`). Raises UnknownToolError with the nearest one."""
    hit = lookup(index, name)
    if hit is None:
        hint = nearest(name, paths(index)) or "codegen search finds tools by what they do"
        raise UnknownToolError(f"nothing is called {name!r}", hint=hint)
    return hit


def text_of(root: Path, hit: Hit) -> str:
    """What a hit's file says, without the lines that every generated file has; `root` is the workspace's."""
    folder, _, name = hit.path.partition(".")
    file = (root if folder == "skills" else root / "servers") / folder / f"{name}.py"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else [hit.signature]
    kept = lines if folder == "skills" else [line for line in lines if not line.startswith(_ALWAYS)]
    return "\n".join([f"# {hit.path}", *kept]).replace("\n\n\n", "\n").strip()
