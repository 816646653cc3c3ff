"""mcp.json: which servers there are, in the shape every client shares."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from codegen.config.documents import Object, kind_of, parse_json, read_text, write_json
from codegen.errors import ConfigError, nearest
from codegen.model import Json, JsonObject, Problem

_TRANSPORTS: Mapping[str, Literal["stdio", "http", "sse"]] = {
    "stdio": "stdio",
    "http": "http",
    "streamable-http": "http",
    "streamableHttp": "http",
    "streamable_http": "http",
    "sse": "sse",
}
_STDIO_KEYS = ("type", "command", "args", "env", "cwd")
_HTTP_KEYS = ("type", "url", "headers")
SECRET_KEY = re.compile(r"TOKEN|KEY|SECRET|PASSW|AUTHORIZATION|CREDENTIAL|COOKIE", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StdioServer:
    """A server started as a process. Texts still hold their `${VAR}`; `cwd` is absolute, unless it begins with one."""

    name: str
    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, hash=False)
    cwd: Path = field(default_factory=Path.cwd)


@dataclass(frozen=True, slots=True)
class HttpServer:
    """A server at an address; `http` is the streamable transport, `sse` the older one with two endpoints."""

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    transport: Literal["http", "sse"] = "http"


ServerConfig: TypeAlias = StdioServer | HttpServer


def load_servers(path: Path) -> tuple[tuple[ServerConfig, ...], tuple[Problem, ...]]:
    """The servers of an mcp.json, in its order, and a Problem for every entry that can't be used.

    Entries with `"disabled": true` are left out; unknown keys are ignored. Raises ConfigError when the file
    is missing, is no JSON (with line:column), has no `mcpServers`, or names a server twice.
    """
    entries = _entries(_read(path), path)
    servers: list[ServerConfig] = []
    problems: list[Problem] = []
    for name, entry in entries.items():
        if isinstance(entry, dict) and entry.get("disabled") is True:
            continue
        try:
            servers.append(parse_server(name, entry, folder=path.absolute().parent))
        except ConfigError as error:
            from codegen.config.lines import json_line

            line = json_line(read_text(path), ("mcpServers", name))
            problems.append(Problem(f"{path.name}, line {line}: mcpServers.{name}", error.what, error.hint))
    return tuple(servers), tuple(problems)


def parse_server(name: str, entry: Json, *, folder: Path) -> ServerConfig:
    """One entry of `mcpServers`; a relative `cwd` is meant from `folder`. Raises ConfigError that names the key."""
    if not name.strip():
        raise ConfigError("a server needs a name", hint='expected {"mcpServers": {"name": {"command": …}}}')
    if not isinstance(entry, dict):
        raise ConfigError(f"is {kind_of(entry)}", hint="expected an object with `command` or `url`")
    transport = _transport(entry)
    if transport == "stdio":
        return StdioServer(
            name=name,
            command=_required_text(entry, "command"),
            args=_texts(entry, "args"),
            env=_text_map(entry, "env"),
            cwd=_folder(entry, folder),
        )
    return HttpServer(
        name=name, url=_required_text(entry, "url"), headers=_text_map(entry, "headers"), transport=transport
    )


def add_server(path: Path, config: ServerConfig, *, replace: bool = False) -> tuple[Problem, ...]:
    """Write a server into mcp.json, which is made when it is missing; everything else in it stays, in its order.

    Returns a warning for each value that looks like a secret written out. Raises ConfigError when there is a
    server of that name, unless `replace`, which keeps the keys of the old entry that are not ours.
    """
    document = _read(path) if path.exists() else Object(mcpServers={})
    entries = _entries(document, path)
    old = entries.get(config.name)
    if old is not None and not replace:
        raise ConfigError(f"{path}: there is a server {config.name!r} already", hint="--replace replaces it")
    entry = _entry(config, path.absolute().parent)
    if isinstance(old, dict):
        ours = {*_STDIO_KEYS, *_HTTP_KEYS, "disabled"}
        entry |= {key: value for key, value in old.items() if key not in ours}
    entries[config.name] = entry
    write_json(path, document)
    return literal_secrets(config, where=f"{path.name}: mcpServers.{config.name}")


def remove_server(path: Path, name: str) -> None:
    """Take a server out of mcp.json; everything else in it stays. Raises ConfigError when there is none."""
    document = _read(path)
    entries = _entries(document, path)
    if name not in entries:
        raise ConfigError(f"{path}: there is no server {name!r}", hint=nearest(name, entries))
    del entries[name]
    write_json(path, document)


def literal_secrets(config: ServerConfig, *, where: str) -> tuple[Problem, ...]:
    """A warning for each environment value or header that looks like a secret written out (the value is not shown)."""
    part, values = ("env", config.env) if isinstance(config, StdioServer) else ("headers", config.headers)
    return tuple(
        Problem(f"{where}.{part}.{key}", "looks like a secret written out", f"write ${{{_variable(key)}}} instead")
        for key, value in values.items()
        if SECRET_KEY.search(key) and value and "${" not in value
    )


def _read(path: Path) -> Object:
    document = parse_json(read_text(path), path)
    if not isinstance(document, Object):
        raise ConfigError(f"{path}: is {kind_of(document)}", hint='expected {"mcpServers": {…}}')
    return document


def _entries(document: Object, path: Path) -> Object:
    entries = document.get("mcpServers")
    if "mcpServers" in document.twice:
        raise ConfigError(f"{path}: `mcpServers` is written twice", hint="join the two: only the last one would count")
    if entries is None and "mcpServers" not in document:
        near = next((key for key in document if nearest(key, ("mcpServers",))), "")
        hint = f'expected {{"mcpServers": {{…}}}}{f", and there is `{near}`" if near else ""}'
        raise ConfigError(f"{path}: has no `mcpServers`", hint=hint)
    if not isinstance(entries, dict):
        raise ConfigError(f"{path}: `mcpServers` is {kind_of(entries)}", hint="expected an object: name to server")
    if isinstance(entries, Object) and entries.twice:
        name = entries.twice[0]
        raise ConfigError(f"{path}: mcpServers: the server {name!r} is written twice", hint="give one another name")
    if not isinstance(entries, Object):
        entries = Object(entries)
        document["mcpServers"] = entries
    return entries


def _transport(entry: JsonObject) -> Literal["stdio", "http", "sse"]:
    given = entry.get("type")
    if isinstance(given, str):
        if given in _TRANSPORTS:
            return _TRANSPORTS[given]
        hint = f'expected "stdio", "http" or "sse" {nearest(given, _TRANSPORTS)}'.rstrip()
        raise ConfigError(f"`type` is {given!r}", hint=hint)
    if given is not None:
        raise ConfigError(f"`type` is {kind_of(given)}", hint='expected "stdio", "http" or "sse"')
    if "command" in entry:
        return "stdio"
    if "url" not in entry:
        near = [hint for key in entry if (hint := nearest(key, ("command", "url")))]
        raise ConfigError("has neither `command` nor `url`", hint=near[0] if near else "expected one of them")
    url = entry["url"]
    return "sse" if isinstance(url, str) and url.split("?")[0].rstrip("/").endswith("/sse") else "http"


def _required_text(entry: JsonObject, key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        found = "is missing" if key not in entry else f"is {kind_of(value)}" if value != "" else "is empty"
        raise ConfigError(f"`{key}` {found}", hint="expected a text")
    return value


def _texts(entry: JsonObject, key: str) -> tuple[str, ...]:
    value = entry.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ConfigError(f"`{key}` is {kind_of(value)}", hint="expected a list of texts")
    return tuple(_scalar(item, f"{key}[{index}]") for index, item in enumerate(value))


def _text_map(entry: JsonObject, key: str) -> dict[str, str]:
    value = entry.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"`{key}` is {kind_of(value)}", hint="expected an object: name to text")
    return {name: _scalar(item, f"{key}.{name}") for name, item in value.items()}


def _scalar(value: Json, where: str) -> str:
    """A text; a number or a boolean is taken as it was written, because people write ports and flags that way."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise ConfigError(f"`{where}` is {kind_of(value)}", hint="expected a text")


def _folder(entry: JsonObject, folder: Path) -> Path:
    text = _required_text(entry, "cwd") if entry.get("cwd") is not None else ""
    if text.startswith("${"):
        return Path(text)  # known only when the server starts
    return Path(os.path.normpath(folder / Path(text).expanduser()))


def _entry(config: ServerConfig, folder: Path) -> JsonObject:
    if isinstance(config, HttpServer):
        entry: JsonObject = {"type": config.transport, "url": config.url}
        return entry | ({"headers": dict(config.headers)} if config.headers else {})
    entry = {"command": config.command, "args": list(config.args)}
    if config.env:
        entry["env"] = dict(config.env)
    if config.cwd != folder:
        inside = config.cwd.is_relative_to(folder)
        entry["cwd"] = str(config.cwd.relative_to(folder) if inside else config.cwd)
    return entry


def _variable(key: str) -> str:
    return re.sub(r"\W+", "_", key).upper().strip("_") or "SECRET"
