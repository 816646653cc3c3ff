"""`.learned.json`: beside a server's catalogue, what the results of its tools looked like where nobody declared it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from codegen.errors import ConfigError
from codegen.model import JsonSchema

FILE_NAME = ".learned.json"


def read_learned(folder: Path) -> dict[str, JsonSchema]:
    """A shape by the tool's wire name; none where the file is missing. Raises ConfigError that names the file."""
    path = folder / FILE_NAME
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _broken(path) from error
    if not isinstance(document, dict) or not all(isinstance(shape, dict) for shape in document.values()):
        raise _broken(path)
    return document


def learned_text(learned: Mapping[str, JsonSchema]) -> str:
    """The text of the file, a line a tool."""
    lines = [f" {json.dumps(tool)}: {json.dumps(shape)}" for tool, shape in sorted(learned.items())]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _broken(path: Path) -> ConfigError:
    return ConfigError(f"{path}: not what codegen writes", hint="remove it; codegen learn --from-runs makes it anew")
