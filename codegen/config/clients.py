"""The servers that other clients were told of: their files are read, never written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from codegen.config.documents import kind_of, parse_json, read_text
from codegen.config.mcp_json import ServerConfig, literal_secrets, parse_server
from codegen.errors import ConfigError
from codegen.model import Json, JsonObject, Problem

_INPUT = re.compile(r"\$\{input:([^}]+)\}")
_ENV = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_EDITOR = re.compile(r"\$\{(?:[A-Za-z]\w*:[^-}][^}]*|workspaceFolderBasename|pathSeparator|/)\}")
_FOR_ALL_PROJECTS = {"claude_desktop_config.json", "mcp_config.json", "config.toml", ".claude.json"}
_URLS = ("serverUrl", "httpUrl")
_COMMENT_OR_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])')


@dataclass(slots=True)
class _Found:
    """What was read so far. `folder` is what a relative `cwd` is meant from."""

    path: Path
    folder: Path
    servers: dict[str, ServerConfig] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)


def read_servers(path: Path) -> tuple[tuple[ServerConfig, ...], tuple[Problem, ...]]:
    """The servers in a file of Claude Code, Claude Desktop, Cursor, Windsurf, Gemini, VS Code or Codex.

    Which client wrote it is told by what is in it: `mcpServers` (also below `projects` in ~/.claude.json), `servers`
    or `mcp.servers` (VS Code, with comments and trailing commas), or TOML with `mcp_servers` (Codex). Where two
    projects name different servers alike, the first one counts. Raises ConfigError when the file can't be read
    or holds none of these.
    """
    found = _Found(path, _folder(path))
    if path.suffix == ".toml":
        _read_codex(_read_toml(path), found)
    else:
        _read_json(path, found)
    for name, config in found.servers.items():
        found.problems += literal_secrets(config, where=f"{path.name}: {name}")
    for variable, what in found.inputs.items():
        found.problems.append(
            Problem(
                f"{path.name}: input {what}",
                f"asked for at the start there; here it is ${{{variable}}}",
                f"set {variable} in the environment or the env file",
            )
        )
    return tuple(found.servers.values()), tuple(found.problems)


def _read_json(path: Path, found: _Found) -> None:
    document = parse_json(_plain_json(read_text(path)), path)
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: is {kind_of(document)}", hint="expected an object with `mcpServers` or `servers`")
    groups = list(_groups(document))
    if not groups:
        raise ConfigError(
            f"{path}: names no servers",
            hint="expected `mcpServers` (Claude, Cursor, Windsurf), `servers` (VS Code) or a .toml of Codex",
        )
    for where, entries, folder in groups:
        if not isinstance(entries, dict):
            found.problems.append(Problem(f"{path.name}: {where}", f"is {kind_of(entries)}", "expected an object"))
            continue
        for name, entry in entries.items():
            _add(found, f"{where}.{name}", name, _from_json(entry, found), folder or found.folder)


def _groups(document: JsonObject) -> Iterator[tuple[str, Json, Path | None]]:
    """Each place that names servers: where it is, the servers, and the folder they are meant for, if one is said."""
    if "mcpServers" in document:
        yield "mcpServers", document["mcpServers"], None
    projects = document.get("projects")
    for folder, project in projects.items() if isinstance(projects, dict) else ():
        if isinstance(project, dict) and project.get("mcpServers"):
            yield f"projects.{folder}.mcpServers", project["mcpServers"], Path(folder)
    if "servers" in document:
        yield "servers", document["servers"], None
    nested = document.get("mcp")
    if isinstance(nested, dict) and "servers" in nested:
        yield "mcp.servers", nested["servers"], None
    if "mcp.servers" in document:
        yield "mcp.servers", document["mcp.servers"], None


def _from_json(entry: Json, found: _Found) -> Json:
    """An entry with the keys and variables of other clients turned into ours."""
    entry = _texts(entry, lambda text: _variables(text, found))
    if isinstance(entry, dict) and (file := entry.get("envFile")):
        hint = "put its lines into the env file of codegen.toml, and name the variables in `env` as ${VAR}"
        found.problems.append(Problem(f"{found.path.name}: envFile", f"{file} is not read here", hint))
    if isinstance(entry, dict) and "url" not in entry:
        for key in _URLS:
            if key in entry:
                return {"url": entry[key], **{k: v for k, v in entry.items() if k != key}}
    return entry


def _read_codex(document: JsonObject, found: _Found) -> None:
    entries = document.get("mcp_servers")
    if not isinstance(entries, dict):
        raise ConfigError(f"{found.path}: names no servers", hint="expected [mcp_servers.NAME]")
    for name, entry in entries.items():
        if isinstance(entry, dict) and entry.get("enabled") is False:
            found.problems.append(Problem(f"{found.path.name}: mcp_servers.{name}", "is not enabled there", "left out"))
            continue
        _add(found, f"mcp_servers.{name}", name, _from_codex(entry) if isinstance(entry, dict) else entry, found.folder)


def _from_codex(entry: JsonObject) -> JsonObject:
    headers: JsonObject = {}
    if isinstance(plain := entry.get("http_headers"), dict):
        headers |= plain
    if isinstance(named := entry.get("env_http_headers"), dict):
        headers |= {header: f"${{{variable}}}" for header, variable in named.items()}
    if token := entry.get("bearer_token_env_var"):
        headers["Authorization"] = f"Bearer ${{{token}}}"
    env: JsonObject = {}
    if isinstance(passed := entry.get("env_vars"), list):
        env |= {variable: f"${{{variable}}}" for variable in passed if isinstance(variable, str)}
    if isinstance(plain := entry.get("env"), dict):
        env |= plain
    return {**entry, **({"headers": headers} if headers else {}), **({"env": env} if env else {})}


def _add(found: _Found, where: str, name: str, entry: Json, folder: Path) -> None:
    if isinstance(entry, dict) and entry.get("disabled") is True:
        return
    place = f"{found.path.name}: {where}"
    try:
        config = parse_server(name, entry, folder=folder)
    except ConfigError as error:
        found.problems.append(Problem(place, error.what, error.hint))
        return
    if name not in found.servers:
        found.servers[name] = config
    elif found.servers[name] != config:
        found.problems.append(Problem(place, f"there is another server {name!r} in this file", "this one was left out"))


def _variables(text: str, found: _Found) -> str:
    """`${input:id}` and `${env:VAR}` as `${VAR}`; what else an editor knows is told of and stays."""

    def asked(match: re.Match[str]) -> str:
        variable = re.sub(r"\W+", "_", match[1]).upper()
        variable = f"_{variable}" if variable[:1].isdigit() else variable
        found.inputs[variable] = match[1]
        return f"${{{variable}}}"

    text = _ENV.sub(r"${\1}", _INPUT.sub(asked, text))
    text = text.replace("${workspaceFolder}", str(found.folder)).replace("${userHome}", "${HOME}")
    for match in _EDITOR.finditer(text):
        what = f"`{match[0]}` is known only to that editor"
        found.problems.append(Problem(found.path.name, what, "write the path instead"))
    return text


def _texts(value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_texts(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _texts(item, change) for key, item in value.items()}
    return value


def _plain_json(text: str) -> str:
    """JSON with comments and trailing commas as JSON; every line and column stays where it was."""
    blank = _COMMENT_OR_TEXT.sub(lambda m: m[0] if m[0][0] == '"' else re.sub(r"[^\n]", " ", m[0]), text)
    return _LAST_COMMA.sub(lambda m: m[1] or " ", blank)


def _read_toml(path: Path) -> JsonObject:
    import tomllib

    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error


def _folder(path: Path) -> Path:
    """The folder a file speaks for: a project's own, not its `.vscode`; the home folder of one for all projects."""
    if path.name in _FOR_ALL_PROJECTS:
        return Path.home()
    parent = path.absolute().parent
    return parent.parent if parent.name in {".vscode", ".cursor", ".gemini", ".windsurf", ".codex"} else parent
