"""What `${VAR}` is resolved from: this process's environment, and below it an env file outside the workspace."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from codegen.config.mcp_json import SECRET_KEY, HttpServer, ServerConfig, StdioServer
from codegen.config.secrets import read_env_file, variables_in

_PLAIN = re.compile(
    r"(?:^|_)(?:URL|URI|HOST|HOSTNAME|PORT|REGION|ZONE|USER|USERNAME|LOGNAME|EMAIL|NAME|PATH|DIR|FOLDER|FILE|HOME|PWD"
    r"|ROOT|SHELL|LANG|LEVEL|MODE|TZ|TERM|TMPDIR|ENV|VERSION|MODEL)$",
    re.IGNORECASE,
)
"""Names of variables that hold no secret, unless their names or values say otherwise."""

_WITH_PASSWORD = re.compile(r"://[^/@\s]*:([^/@\s]+)@")
_SCHEME = re.compile(r"(?:Bearer|Basic|Token)\s+(\S+)", re.IGNORECASE)


def read_variables(env_file: Path) -> dict[str, str]:
    """Raises ConfigError when the file is there and can't be read."""
    return {**read_env_file(env_file), **os.environ}


def secret_texts(configs: Iterable[ServerConfig], env_file: Path) -> frozenset[str]:
    """What must not be written down: the values of the env file, of the `${VAR}`s of mcp.json, and of environment
    entries and headers whose names say that they are secret.

    Not those of variables named like a place or a user (`API_URL`, `HOME`), unless there is a password in the value.
    Raises ConfigError as `read_variables`.
    """
    variables = read_variables(env_file)
    named = {name for config in configs for value in _texts(config) for name in variables_in(value)}
    named |= read_env_file(env_file).keys()
    values = [variables[name] for name in named if name in variables and _is_secret(name, variables[name])]
    values += [value for config in configs for key, value in _settings(config) if SECRET_KEY.search(key)]
    return frozenset(part for value in values if "${" not in value for part in _parts(value) if part)


def _is_secret(name: str, value: str) -> bool:
    if SECRET_KEY.search(name) or _WITH_PASSWORD.search(value):
        return True
    return not _PLAIN.search(name) and not (value.startswith("/") and os.path.exists(value))  # noqa: PTH110


def _parts(value: str) -> Iterator[str]:
    """A value, and what in it is a secret alone: "Bearer abc" is also seen as "abc"."""
    yield value
    yield from _WITH_PASSWORD.findall(value)
    yield from _SCHEME.findall(value)


def _settings(config: ServerConfig) -> Iterable[tuple[str, str]]:
    return (config.env if isinstance(config, StdioServer) else config.headers).items()


def _texts(config: ServerConfig) -> Iterator[str]:
    if isinstance(config, HttpServer):
        yield config.url
    else:
        yield from (config.command, *config.args)
    yield from (value for _, value in _settings(config))
