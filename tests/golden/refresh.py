"""Write the golden tree anew: python tests/golden/refresh.py, then read the diff.

Each folder shows one feature: `tools.json` holds definitions, the rest is what `codegen sync` makes of them. `returns`
and `learned` are schemas by tool, as codegen.toml and earlier results give them.
"""

from __future__ import annotations

import json
from pathlib import Path

from codegen.generate.package import Package, generate_package, generate_root
from codegen.generate.write import write_tree
from codegen.model import Catalogue, ServerInfo, Tool

ROOT = Path(__file__).resolve().parent


def golden_package(folder: Path) -> Package:
    """What a folder's definitions become."""
    said = json.loads((folder / "tools.json").read_text(encoding="utf-8"))
    server = ServerInfo(**{"name": folder.name, **said.get("server", {})})
    returns, learned = said.get("returns", {}), said.get("learned", {})
    tools = (
        Tool(server.name, wire["name"], wire, returns.get(wire["name"]), learned.get(wire["name"]))
        for wire in said["tools"]
    )
    return generate_package(Catalogue(server, tuple(tools)))


def golden_tree() -> dict[str, str]:
    """All files that belong below tests/golden but the definitions themselves and this script."""
    packages = [golden_package(path.parent) for path in sorted(ROOT.glob("*/tools.json"))]
    files = {f"{package.folder}/{name}": text for package in packages for name, text in package.files.items()}
    return {**generate_root(packages), **files}


def present() -> set[str]:
    """The generated files that are there, by relative path."""
    found = (path.relative_to(ROOT) for suffix in ("py", "md") for path in ROOT.rglob(f"*.{suffix}"))
    return {path.as_posix() for path in found} - {"refresh.py"}


if __name__ == "__main__":
    changes = write_tree(ROOT, golden_tree(), present())
    for path in (*changes.added, *changes.changed, *changes.removed):
        print(path)
