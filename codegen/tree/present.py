"""What an earlier sync left below servers/."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codegen.catalogue.learned import FILE_NAME as LEARNED
from codegen.catalogue.snapshot import FILE_NAME, read_snapshot
from codegen.errors import ConfigError
from codegen.generate.module import header
from codegen.model import Catalogue, Problem


@dataclass(frozen=True, slots=True)
class Present:
    """Catalogues and folders by server name, and the files that are ours, by path below servers/.

    A catalogue that can't be read is a Problem; its folder then belongs to nobody and is left alone.
    """

    catalogues: Mapping[str, Catalogue]
    folders: Mapping[str, str]
    owned: frozenset[str]
    problems: tuple[Problem, ...]


def read_present(servers: Path, folder: str = "*") -> Present:
    """Read every servers/*/.catalogue.json, or that of one folder."""
    catalogues, folders, problems = {}, {}, []
    owned: set[str] = set()
    for file in sorted(servers.glob(f"{folder}/{FILE_NAME}")):
        folder = file.parent.name
        try:
            catalogue = read_snapshot(file.parent)
        except ConfigError as error:
            problems.append(Problem(f"servers/{folder}", error.what, error.hint))
            continue
        catalogues[catalogue.server.name] = catalogue
        folders[catalogue.server.name] = folder
        modules = [f"{name}.py" for name in catalogue.names.values()] or _generated(file.parent, catalogue.server.name)
        owned |= {f"{folder}/{name}" for name in ("__init__.py", "README.md", FILE_NAME, LEARNED, *modules)}
    return Present(catalogues, folders, frozenset(owned), tuple(problems))


def _generated(folder: Path, server: str) -> list[str]:
    """The modules that an earlier sync left where the catalogue no longer says so: each says it in its first line."""
    found = []
    for path in sorted(folder.glob("*.py")):
        with suppress(OSError, UnicodeDecodeError), path.open(encoding="utf-8") as file:
            if file.readline().rstrip("\n") == header(server):
                found.append(path.name)
    return found
