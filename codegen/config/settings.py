"""codegen.toml: settings, each with a default, so that the file may be missing or empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from codegen.config.amounts import count, seconds, size
from codegen.config.documents import read_text
from codegen.config.limits import LIMITS, Limits
from codegen.config.overlays import ServerSettings, read_servers
from codegen.config.policy import Rule, read_policy
from codegen.config.requirements import read_packages, read_preload
from codegen.config.tables import Place, Reader, WrongError, read_table, yes_or_no
from codegen.errors import ConfigError

_FUNCTION = re.compile(r"[^\W\d][\w.]*:[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One run of a script: `time_limit` in seconds, `output_limit` in characters that are shown of its output."""

    time_limit: float = 300
    output_limit: int = 20_000


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """The wall: `backend` by name; `memory`, `file_size` and `disk` (all that a run adds to data/) in bytes, written
    "2GiB"; `processes` with threads; `open_files`. Where no more is said than the backend: `sandbox = "native"`.

    `packages` are requirements (PEP 508) that scripts find installed, `preload` modules imported ahead of them.
    """

    backend: str = "auto"
    memory: int = 2 << 30
    processes: int = 128
    file_size: int = 256 << 20
    disk: int = 1 << 30
    open_files: int = 256
    packages: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """The process that holds the sessions: it ends itself after `idle_stop` seconds without work."""

    idle_stop: float = 900


@dataclass(frozen=True, slots=True)
class ApprovalSettings:
    """Calls that wait for a person: a run that waits for `expires` seconds is given up."""

    expires: float = 24 * 3600


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """Listing the servers: each has `time_limit` seconds to start and to list its tools."""

    time_limit: float = 60


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Finding tools: `embed` makes vectors of texts ("static" for the extra `semantic`, or "module:function"; "" for
    words alone); `remember`: whether successful runs teach which tools a search led to.
    """

    embed: str = ""
    remember: bool = True


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """What is recorded of runs: `redact` are patterns of the fields that are not (docs/journal.md)."""

    redact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """What the model is shown as tokens (docs/privacy.md): kinds of personal data, and patterns of the writer's own.

    `region` is where phone numbers without a country are from; `restore` are patterns of the tools (`server.tool`) that
    get the values back.
    """

    redact: tuple[str, ...] = ()
    patterns: Mapping[str, str] = field(default_factory=dict, hash=False)
    region: str = ""
    restore: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True)
class Settings:
    """All of codegen.toml. `env_file` is absolute and lies outside the workspace; `servers` is by name.

    `policy` are its rules, of which the first that is about a call decides it.
    `learn`: whether the types of undeclared results are learned, where a server's settings don't say.
    """

    run: RunSettings = field(default_factory=RunSettings)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    broker: BrokerSettings = field(default_factory=BrokerSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    journal: JournalSettings = field(default_factory=JournalSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    approval: ApprovalSettings = field(default_factory=ApprovalSettings)
    limits: Limits = field(default_factory=Limits)
    env_file: Path = field(default_factory=lambda: Path(_ENV_FILE).expanduser())
    learn: bool = True
    policy: tuple[Rule, ...] = ()
    servers: Mapping[str, ServerSettings] = field(default_factory=dict, hash=False)

    @property
    def uses(self) -> dict[str, str]:
        """`when_to_use` of the servers that have one."""
        return {name: server.when_to_use for name, server in self.servers.items() if server.when_to_use}

    def server(self, name: str) -> ServerSettings:
        """What is said of one server, or what goes for a server of which nothing is said."""
        return self.servers.get(name) or ServerSettings(learn=self.learn)


PERSONAL = ("email", "phone", "card", "iban")
"""Kinds of personal data that are found without a pattern."""

_ENV_FILE = "~/.config/codegen/env"


def load_settings(path: Path) -> Settings:
    """The settings of a workspace; defaults where the file or a key is missing.

    Raises ConfigError that names file, line and key for an unknown key, a value of the wrong kind, and an `env_file`
    inside the workspace, whose secrets a script could read.
    """
    place = Place(path)
    document = {"env_file": _ENV_FILE, **_read(path)}
    if isinstance(document.get("sandbox"), str):
        document["sandbox"] = {"backend": document["sandbox"]}
    learn = document.get("learn") is not False
    readers: dict[str, Reader] = {"env_file": partial(_env_file, place=place.at("env_file"))}
    for name, (kind, keys) in _SECTIONS.items():
        here = place.at(name)
        placed = {key: partial(read, place=here.at(key)) for key, read in _PLACED.items() if name == "sandbox"}
        readers[name] = partial(read_table, kind, {**keys, **placed}, place=here)
    readers["learn"] = yes_or_no
    readers["policy"] = partial(read_policy, place=place.at("policy"))
    readers["servers"] = partial(read_servers, place=place.at("servers"), learn=learn)
    return read_table(Settings, readers, document, place)


def _read(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    import tomllib

    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}", hint='a text needs quotes: key = "value"') from error


def _env_file(value: object, place: Place) -> Path:
    if not isinstance(value, str) or not value:
        raise WrongError(f'a path such as "{_ENV_FILE}"')
    workspace = place.file.absolute().parent.resolve()
    found = (workspace / Path(value).expanduser()).resolve()
    if found.is_relative_to(workspace):
        hint = f'it holds secrets, and scripts can read the workspace; expected a path such as "{_ENV_FILE}"'
        raise place.fault(f"lies inside the workspace: {value}", hint)
    return found


def _name(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise WrongError('a name such as "auto"')
    return value


def _embedder(value: object) -> str:
    if not isinstance(value, str) or not (value in {"", "static"} or _FUNCTION.fullmatch(value)):
        raise WrongError('"static" or a function such as "package.module:embed"')
    return value


def _fields(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip(":. ") for each in value):
        raise WrongError('a list of fields such as ["password", "*.token", "github.create_issue:body"]')
    return tuple(value)


def _kinds(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or any(each not in PERSONAL for each in value):
        raise WrongError(f"a list of {', '.join(PERSONAL)}")
    return tuple(value)


def _patterns(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) and each for each in value.values()):
        raise WrongError('patterns by name, such as { TICKET = "TICKET-[0-9]+" }')
    if wrong := [name for name in value if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,30}", name) or name.lower() in PERSONAL]:
        raise WrongError(f"names in capital letters that aren't taken, not {wrong[0]}")
    return value


def _region(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{2}|", value):
        raise WrongError('a country such as "NO" or "US"')
    return value


def _tools(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise WrongError('a list of tools such as ["crm.*", "mail.send"]')
    return tuple(value)


_OF_SANDBOX: Mapping[str, Reader] = {
    "backend": _name,
    **dict.fromkeys(("memory", "file_size", "disk"), size),
    **dict.fromkeys(("processes", "open_files"), count),
}
_SECTIONS: Mapping[str, tuple[type, Mapping[str, Reader]]] = {
    "run": (RunSettings, {"time_limit": seconds, "output_limit": count}),
    "sandbox": (SandboxSettings, _OF_SANDBOX),
    "broker": (BrokerSettings, {"idle_stop": seconds}),
    "sync": (SyncSettings, {"time_limit": seconds}),
    "search": (SearchSettings, {"embed": _embedder, "remember": yes_or_no}),
    "journal": (JournalSettings, {"redact": _fields}),
    "privacy": (
        PrivacySettings,
        {"redact": _kinds, "patterns": _patterns, "region": _region, "restore": _tools},
    ),
    "approval": (ApprovalSettings, {"expires": seconds}),
    "limits": (Limits, LIMITS),
}

_PLACED: Mapping[str, Callable[..., object]] = {"packages": read_packages, "preload": read_preload}
"""Keys of [sandbox] whose errors name one entry of several."""
