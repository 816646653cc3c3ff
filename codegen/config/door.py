"""The broker's door for coding agents: a port of loopback, and the token that both sides prove to have.

Claude Code's Bash sandbox lets no Unix socket through, and one host:port through its proxy when its settings name it.
So the port is chosen once for a workspace, and stands in both places: .codegen/door.json and Claude Code's settings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from codegen.errors import ConfigError

PORTS = range(20000, 30000)
"""Below those that systems give to outgoing connections, so that it is free when a broker comes back to it."""


@dataclass(frozen=True, slots=True)
class Door:
    """`token` lets its holder give the commands of an agent, and no others (`runtime.door`)."""

    port: int
    token: str

    @property
    def address(self) -> str:
        """host:port, as Claude Code's `allowedDomains` has it."""
        return f"localhost:{self.port}"

    @property
    def variable(self) -> str:
        """What $CODEGEN_DOOR holds."""
        return f"{self.address}:{self.token}"


def door_file(root: Path) -> Path:
    return root / ".codegen" / "door.json"


def read_door(root: Path) -> Door | None:
    """The workspace's door; None where `codegen init` made none. Raises ConfigError."""
    file = door_file(root)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Door(int(found["port"]), str(found["token"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{file} can't be used: {error}", hint="remove it, then: codegen init") from error


def make_door() -> Door:
    """A door at a port that is free now."""
    import random
    import secrets
    import socket

    for port in random.sample(PORTS, 50):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return Door(port, secrets.token_hex(16))
    raise ConfigError("no port of loopback is free")
