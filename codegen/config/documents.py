"""Reading and replacing the JSON files that people write by hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

from codegen.errors import ConfigError
from codegen.model import Json, JsonObject


class Object(dict[str, Json]):
    """A JSON object that remembers which of its keys were written twice."""

    twice: tuple[str, ...] = ()


def parse_json(text: str, path: Path) -> Json:
    """The JSON of a configuration file, its objects as `Object`; raises ConfigError with file:line:column."""
    try:
        value: Json = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        hint = "is a comma or a quote missing before it, or one too many?"
        raise ConfigError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}", hint=hint) from error
    except RecursionError as error:
        raise ConfigError(f"{path}: nested too deeply") from error
    return value


def read_text(path: Path) -> str:
    """The text of a configuration file, with or without a byte order mark; raises ConfigError."""
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        hint = "codegen add NAME -- COMMAND … writes one"
        raise ConfigError(f"{path}: there is no such file", hint=hint) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8: byte {error.start}", hint="save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error


def kind_of(value: object) -> str:
    """What a value is, in the words of a message: `a text`, `an object`."""
    if value is None:
        return "null"
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list"}
    return kinds.get(type(value), "an object")


def write_json(path: Path, document: JsonObject) -> None:
    """Replace the file in one step, so that no reader ever sees half of it; its mode is kept, a link stays a link."""
    target = path.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2, ensure_ascii=False)
            file.write("\n")
        if target.exists():
            temporary.chmod(mode)  # the umask took bits away
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ConfigError(f"{path}: can't be written: {error.strerror}") from error


def _object(pairs: list[tuple[str, Json]]) -> Object:
    made = Object(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        made.twice = tuple(key for key in made if keys.count(key) > 1)
    return made
