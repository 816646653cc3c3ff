"""Whether Claude Code can work in a workspace, point by point, and what mends what is in its way."""

from __future__ import annotations

import json
import shutil
import socket
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from codegen.config.door import Door, read_door
from codegen.config.paths import Workspace
from codegen.errors import CodegenError
from codegen.model import JsonObject
from codegen.runtime.client import try_connect
from codegen.runtime.proof import BROKER, challenge, is_proof
from codegen.runtime.wire import Connection
from codegen.workspace.claude_code import can_confine, local_settings, merged
from codegen.workspace.init import LOCAL_SETTINGS, SETTINGS, template

AGAIN = "codegen init . --yes"


@dataclass(frozen=True, slots=True)
class Check:
    """One point: what was found, and the command or change that mends it where it isn't well."""

    name: str
    works: bool
    found: str
    mend: str = ""


def check_claude_code(place: Workspace) -> tuple[Check, ...]:
    """Never raises; starts nothing but, for a moment, the sandbox's own program."""
    settings = _read(place.root / SETTINGS)
    local = _read(place.root / LOCAL_SETTINGS)
    return (
        _programs(),
        _guide(place),
        _rules(settings),
        _local(place, local),
        _confined(settings, local),
        _door(place),
    )


def _programs() -> Check:
    missing = [name for name in ("claude", "codegen") if shutil.which(name) is None]
    if "codegen" in missing:
        mend = "put the folder of codegen's environment on PATH, before you start claude"
        return Check("programs", works=False, found="codegen isn't on PATH: neither hook nor agent finds it", mend=mend)
    if missing and find_spec("claude_agent_sdk") is None:
        return Check(
            "programs", works=False, found="claude isn't on PATH", mend="npm install -g @anthropic-ai/claude-code"
        )
    return Check(
        "programs", works=True, found="codegen and " + ("its SDK's claude" if missing else "claude") + " found"
    )


def _guide(place: Workspace) -> Check:
    if (place.root / ".mcp.json").exists():
        found = ".mcp.json: Claude Code connects its servers itself, and loads their tools"
        return Check("context", works=False, found=found, mend="codegen import .mcp.json, then remove it")
    title = (template() / "AGENTS.md").read_text(encoding="utf-8").splitlines()[0]
    if "@AGENTS.md" not in _text(place.root / "CLAUDE.md").splitlines():
        return Check("context", works=False, found="CLAUDE.md doesn't lead to AGENTS.md", mend=AGAIN)
    if title not in _text(place.root / "AGENTS.md").splitlines():
        return Check("context", works=False, found="AGENTS.md doesn't teach how to work here", mend=AGAIN)
    return Check("context", works=True, found="CLAUDE.md leads to AGENTS.md; no server is loaded directly")


def _rules(settings: JsonObject | None) -> Check:
    ours = json.loads((template() / SETTINGS).read_text(encoding="utf-8"))
    if settings is None or merged(settings, ours) != settings:
        return Check("rules", works=False, found=f"{SETTINGS} lacks rules of codegen", mend=AGAIN)
    mode = _part(settings, "permissions").get("defaultMode")
    if mode != "acceptEdits":
        return Check(
            "rules", works=False, found=f"defaultMode is {mode}: each file is asked about", mend='"acceptEdits"'
        )
    return Check("rules", works=True, found=f"{SETTINGS} keeps servers/, mcp.json and secrets out of its reach")


def _local(place: Workspace, local: JsonObject | None) -> Check:
    """What is in the local file for this place and this door; it goes stale when a workspace is moved or cloned."""
    door = _door_of(place)
    if local is None or door is None:
        return Check("permissions", works=False, found=f"{LOCAL_SETTINGS} wasn't made on this machine", mend=AGAIN)
    ours = local_settings(str(place.root), door, (), confined=False)
    if merged(local, ours) != local or _part(local, "env") != {**_part(local, "env"), **_part(ours, "env")}:
        return Check("permissions", works=False, found=f"{LOCAL_SETTINGS} is for another place or version", mend=AGAIN)
    return Check("permissions", works=True, found="search, describe, run and save need no prompt")


def _confined(settings: JsonObject | None, local: JsonObject | None) -> Check:
    enabled = any(_part(each or {}, "sandbox").get("enabled") is True for each in (settings, local))
    works, why = can_confine()
    if enabled and not works:
        return Check(
            "bash sandbox", works=False, found=f"on, and can't work: {why}", mend="sudo apt install bubblewrap socat"
        )
    if enabled:
        return Check("bash sandbox", works=True, found="on: commands of the agent are confined, too")
    mend = f'"sandbox": {{"enabled": true}} in {LOCAL_SETTINGS}' if works else "sudo apt install bubblewrap socat"
    return Check("bash sandbox", works=True, found=f"off: other commands than codegen's ask first; to have it: {mend}")


def _door(place: Workspace) -> Check:
    """Whether a confined command would reach this workspace's broker."""
    door = _door_of(place)
    if door is None:
        return Check("door", works=False, found="none: codegen can't work in Claude Code's Bash sandbox", mend=AGAIN)
    try:
        running = try_connect(place.root)
    except CodegenError as error:
        return Check("door", works=False, found=error.what, mend="codegen broker start, outside of a sandbox")
    if running is not None:
        running.close()
        if _answers(door):
            return Check("door", works=True, found=f"the broker answers at {door.address}")
    elif _is_free(door):
        return Check("door", works=True, found=f"{door.address}, once the broker runs")
    mend = f"remove {place.root / '.codegen' / 'door.json'}, then {AGAIN}; codegen broker stop"
    return Check("door", works=False, found=f"something else has {door.address}", mend=mend)


def _answers(door: Door) -> bool:
    asked = challenge()
    try:
        connection = Connection(socket.create_connection(("127.0.0.1", door.port), 5))
        connection.send({"challenge": asked})
        answer = connection.receive() or {}
        connection.close()
    except (OSError, CodegenError):
        return False
    return is_proof(answer.get("proof"), door.token, BROKER, asked)


def _is_free(door: Door) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the broker does
        try:
            probe.bind(("127.0.0.1", door.port))
        except OSError:
            return False
    return True


def _door_of(place: Workspace) -> Door | None:
    try:
        return read_door(place.root)
    except CodegenError:
        return None


def _read(file: Path) -> JsonObject | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _part(parent: JsonObject, name: str) -> JsonObject:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}
