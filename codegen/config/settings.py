"""codegen.toml: settings, each with a default, so that the file may be missing or empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

from codegen.config.documents import kind_of, read_text
from codegen.errors import ConfigError, nearest

_Section = TypeVar("_Section")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB|KB|MB|GB|TB)?", re.IGNORECASE)
_UNITS = {"b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
_UNITS |= {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One run of a script: `time_limit` in seconds, `output_limit` in characters that are shown of its output."""

    time_limit: float = 300
    output_limit: int = 20_000


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """The wall: `backend` by name, `memory` and `file_size` in bytes (written "2GiB"), `processes` with threads."""

    backend: str = "auto"
    memory: int = 2 << 30
    processes: int = 128
    file_size: int = 256 << 20


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """The process that holds the sessions: it ends itself after `idle_stop` seconds without work."""

    idle_stop: float = 900


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """Listing the servers: each has `time_limit` seconds to start and to list its tools."""

    time_limit: float = 60


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What is said here of one server: `when_to_use` takes the place of its own words in servers/README.md."""

    when_to_use: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """All of codegen.toml. `env_file` is absolute and lies outside the workspace; `servers` is by name."""

    run: RunSettings = field(default_factory=RunSettings)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    broker: BrokerSettings = field(default_factory=BrokerSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)
    env_file: Path = field(default_factory=lambda: Path(_ENV_FILE).expanduser())
    servers: Mapping[str, ServerSettings] = field(default_factory=dict, hash=False)

    @property
    def uses(self) -> dict[str, str]:
        """`when_to_use` of the servers that have one."""
        return {name: server.when_to_use for name, server in self.servers.items() if server.when_to_use}


_ENV_FILE = "~/.config/codegen/env"


class _WrongError(Exception):
    """What a value should have been."""


def load_settings(path: Path) -> Settings:
    """The settings of a workspace; defaults where the file or a key is missing.

    Raises ConfigError that names file and key for an unknown key, a value of the wrong kind, and an `env_file`
    inside the workspace, whose secrets a script could read.
    """
    document = _read(path)
    _only(document, ("env_file", *_SECTIONS, "servers"), path, "")
    sections: dict[str, object] = {
        name: _section(kind, readers, document.get(name, {}), path, name) for name, (kind, readers) in _SECTIONS.items()
    }
    servers = document.get("servers", {})
    if not isinstance(servers, dict):
        raise ConfigError(f"{path}: `servers` is {kind_of(servers)}", hint="expected [servers.NAME]")
    return Settings(
        run=cast(RunSettings, sections["run"]),
        sandbox=cast(SandboxSettings, sections["sandbox"]),
        broker=cast(BrokerSettings, sections["broker"]),
        sync=cast(SyncSettings, sections["sync"]),
        env_file=_env_file(document.get("env_file", _ENV_FILE), path),
        servers={
            name: _section(ServerSettings, _SERVER, value, path, f"servers.{name}") for name, value in servers.items()
        },
    )


def _read(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    import tomllib

    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}", hint='a text needs quotes: key = "value"') from error


def _section(
    kind: type[_Section], readers: Mapping[str, Callable[[object], object]], value: object, path: Path, name: str
) -> _Section:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: `{name}` is {kind_of(value)}", hint=f"expected a section [{name}]")
    _only(value, tuple(readers), path, f"{name}.")
    given: dict[str, object] = {}
    for key, item in value.items():
        try:
            given[key] = readers[key](item)
        except _WrongError as wrong:
            raise ConfigError(f"{path}: `{name}.{key}` is {_shown(item)}", hint=f"expected {wrong}") from None
    return kind(**given)


def _only(given: Mapping[str, object], known: tuple[str, ...], path: Path, prefix: str) -> None:
    for key in given:
        if key not in known:
            hint = nearest(key, known) or f"known here: {', '.join(known)}"
            raise ConfigError(f"{path}: there is no setting `{prefix}{key}`", hint=hint)


def _env_file(value: object, path: Path) -> Path:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{path}: `env_file` is {_shown(value)}", hint=f'expected a path such as "{_ENV_FILE}"')
    workspace = path.absolute().parent.resolve()
    found = (workspace / Path(value).expanduser()).resolve()
    if found.is_relative_to(workspace):
        hint = f'it holds secrets, and scripts can read the workspace; expected a path such as "{_ENV_FILE}"'
        raise ConfigError(f"{path}: `env_file` lies inside the workspace: {value}", hint=hint)
    return found


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise _WrongError("a number of seconds above 0")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _WrongError("a whole number above 0")
    return value


def _bytes(value: object) -> int:
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    size = int(float(match[1]) * _UNITS[(match[2] or "B").lower()]) if match else value
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise _WrongError('a size such as "512MiB" or "2GiB", or a number of bytes')
    return size


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _WrongError("a text")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _WrongError('a name such as "auto"')
    return value


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value) if isinstance(value, int | float) else kind_of(value)


_SECTIONS: Mapping[str, tuple[type, Mapping[str, Callable[[object], object]]]] = {
    "run": (RunSettings, {"time_limit": _seconds, "output_limit": _count}),
    "sandbox": (SandboxSettings, {"backend": _name, "memory": _bytes, "processes": _count, "file_size": _bytes}),
    "broker": (BrokerSettings, {"idle_stop": _seconds}),
    "sync": (SyncSettings, {"time_limit": _seconds}),
}
_SERVER: Mapping[str, Callable[[object], object]] = {"when_to_use": _text}
