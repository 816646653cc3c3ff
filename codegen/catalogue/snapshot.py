"""`.catalogue.json`: what a server offered at the last sync, as `--check` and `--offline` read it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from codegen.catalogue.listing import read_tools
from codegen.errors import ConfigError
from codegen.model import Catalogue, Json, JsonObject, ServerInfo, Tool

FILE_NAME = ".catalogue.json"
_DEFINING = ("name", "description", "inputSchema", "outputSchema", "annotations")
_MOST_DIGITS = 4_000
"""Python reads and writes no integer of many more."""


def read_snapshot(folder: Path) -> Catalogue:
    """The catalogue that lies in a server's folder. Raises ConfigError that names the file.

    Only `server.name` and `tools` must be there; an entry of `tools` that is none is a Problem of the catalogue.
    """
    path = folder / FILE_NAME
    try:
        document = json.loads(path.read_text("utf-8"), parse_int=_integer)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file", hint="codegen sync writes it") from error
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise _broken(path, f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise _broken(path, f"{path}: not JSON") from error
    document = document if isinstance(document, dict) else {}
    server, tools = document.get("server"), document.get("tools")
    if not isinstance(server, dict) or not isinstance(server.get("name"), str):
        raise _broken(path, f"{path}: `server.name` is no text")
    if not isinstance(tools, list):
        raise _broken(path, f"{path}: `tools` is no list")
    read, problems = read_tools(server["name"], tools)
    return Catalogue(server=_server_info(server), tools=read, problems=problems, names=_names(document.get("names")))


def snapshot_text(catalogue: Catalogue, names: Mapping[str, str]) -> str:
    """The text of the file: the same for the same catalogue, a line a tool, so that a diff shows which ones changed.

    `names` maps the wire name of a tool to the name of its module.
    """
    server = {
        "name": catalogue.server.name,
        "title": catalogue.server.title,
        "version": catalogue.server.version,
        "instructions": catalogue.server.instructions,
    }
    parts = [
        f' "server": {_dump({key: value for key, value in server.items() if value or key == "name"})}',
        f' "tools": [{_lines([_dump(tool.wire) for tool in catalogue.tools])}]',
        f' "names": {{{_lines(_pairs({t.name: names[t.name] for t in catalogue.tools if t.name in names}))}}}',
        f' "hashes": {{{_lines(_pairs({t.name: definition_hash(t) for t in catalogue.tools}))}}}',
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def definition_hash(tool: Tool) -> str:
    """The sha256 of a tool's `defining` part, whatever the order of its keys."""
    canonical = json.dumps(defining(tool), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def defining(tool: Tool) -> JsonObject:
    """What a caller relies on: name, description, schemas and annotations."""
    return {key: tool.wire[key] for key in _DEFINING if tool.wire.get(key) is not None}


def _dump(value: JsonObject | Mapping[str, str]) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair: legal in JSON, impossible in a file
        return json.dumps(value)
    return text


def _pairs(pairs: Mapping[str, str]) -> list[str]:
    return [_dump({key: value})[1:-1] for key, value in pairs.items()]


def _lines(items: list[str]) -> str:
    return "".join(f"\n  {item}," for item in items)[:-1] + ("\n " if items else "")


def _server_info(server: JsonObject) -> ServerInfo:
    texts = {key: value for key in ("title", "version", "instructions") if isinstance(value := server.get(key), str)}
    return ServerInfo(name=str(server["name"]), **texts)


def _names(value: Json) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {wire: name for wire, name in value.items() if isinstance(name, str) and name.isidentifier()}


def _integer(text: str) -> float:
    return int(text) if len(text) <= _MOST_DIGITS else float(text)


def _broken(path: Path, what: str) -> ConfigError:
    return ConfigError(what, hint=f"codegen sync writes {path.name} anew")
