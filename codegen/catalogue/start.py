"""Starting a server's process. Imports nothing of the SDK, so that servers boot while it is being imported."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codegen.config.mcp_json import SECRET_KEY, ServerConfig, StdioServer
from codegen.config.secrets import resolve, variables_in
from codegen.errors import ServerError

INHERITED = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER")
"""What a server gets of our environment, as with the SDK's own clients; all else is for mcp.json to say."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to start: program and arguments, the whole environment, the folder."""

    argv: list[str]
    env: Mapping[str, str]
    cwd: Path


@dataclass(frozen=True, slots=True)
class Started:
    """A server's process that runs already, `since` a time of the loop's clock; `linger` is how long, in seconds, it
    may take to end by itself once its input is closed.
    """

    process: asyncio.subprocess.Process
    linger: float
    since: float


async def spawn(command: Command) -> asyncio.subprocess.Process:
    """Start a server in a session of its own, its three streams piped. Raises OSError."""
    return await asyncio.create_subprocess_exec(
        *command.argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(command.env),
        cwd=command.cwd,
        start_new_session=True,
        limit=1 << 20,
    )


def command_of(config: StdioServer, variables: Mapping[str, str]) -> Command:
    """The process to start. The environment is INHERITED and `env`: nothing else."""

    def value(template: str) -> str:
        return resolve(template, variables, server=config.name).reveal()

    env = {name: os.environ[name] for name in INHERITED if name in os.environ}
    env |= {key: value(text) for key, text in config.env.items()}
    cwd = Path(value(str(config.cwd))).expanduser()
    if not cwd.is_dir():
        raise ServerError(
            f"server {config.name!r} can't be started: its folder {config.cwd} does not exist",
            hint="mend `cwd` in mcp.json" if cwd.is_absolute() else "`cwd` must be an absolute path here",
        )
    program = value(config.command)
    found = str(cwd / Path(program).expanduser()) if "/" in program else shutil.which(program, path=env.get("PATH"))
    if found is None or not os.access(found, os.X_OK):
        where = f"there is no program {found}" if found else f"no program {config.command!r} on PATH"
        raise ServerError(
            f"server {config.name!r} can't be started: {where}",
            hint="install it, or write the full path as `command` in mcp.json",
        )
    return Command([found, *(value(argument) for argument in config.args)], env, cwd)


def values_of(config: ServerConfig, variables: Mapping[str, str]) -> tuple[str, ...]:
    """What the configuration's variables hold, and its secrets that are written out: to be hidden in anything shown."""
    if isinstance(config, StdioServer):
        settings, texts = config.env, [config.command, *config.args, *config.env.values()]
    else:
        settings, texts = config.headers, [config.url, *config.headers.values()]
    names = set().union(*(variables_in(text) for text in texts))
    values = {variables[name] for name in names if name in variables}
    values |= {text for key, text in settings.items() if SECRET_KEY.search(key) and "${" not in text}
    return tuple(sorted((value for value in values if len(value) >= 4), key=len))


def hide(text: str, values: tuple[str, ...]) -> str:
    for value in reversed(values):
        text = text.replace(value, "***")
    return text
