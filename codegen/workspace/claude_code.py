"""What Claude Code's settings say in a workspace: the portable file of the template, and the local one made here.

Seen with 2.1.329: in a folder that its user hasn't trusted yet, a tracked file's `allow` is ignored, an untracked one's
is not; `deny`, `env`, `sandbox` and hooks count in both. Its Bash sandbox lets commands reach the host:port that
`allowedDomains` names, through its proxy, and nothing else of this machine.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable

from codegen.config.door import Door
from codegen.model import Json, JsonObject

ALLOWED_VERBS = ("search", "describe", "run", "plan", "runs", "skills", "sync", "pending", "resume", "doctor")
"""Verbs that change mcp.json, decide calls or stop the broker are not among them."""

ACCOUNT = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
"""Variables of Claude Code itself that no command of the agent needs."""


def local_settings(root: str, door: Door, secrets: Iterable[str], *, confined: bool) -> JsonObject:
    """The untracked settings.local.json: what holds on this machine alone. `secrets` are names of variables."""
    allow = [*(f"Bash(codegen {verb}:*)" for verb in ALLOWED_VERBS), "Edit(./scripts/**)", "Edit(./data/**)"]
    denied: list[Json] = [{"name": name, "mode": "deny"} for name in (*ACCOUNT, *sorted(secrets))]
    return {
        "permissions": {"allow": [*allow, "Skill(codegen)"]},
        "env": {"CODEGEN_WORKSPACE": root, "CODEGEN_DOOR": door.variable, "PYTHONDONTWRITEBYTECODE": "1"},
        "sandbox": {
            "enabled": confined,
            "network": {"allowedDomains": [door.address]},
            "credentials": {"envVars": denied},
        },
    }


def merged(there: JsonObject, ours: JsonObject) -> JsonObject:
    """`there` with all that `ours` has more: lists get what they lack at their end, single values stay as they are."""
    made = dict(there)
    for name, value in ours.items():
        before = made.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            made[name] = merged(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            made[name] = [*before, *(each for each in value if each not in before)]
        else:
            made.setdefault(name, value)
    return made


def renewed(there: JsonObject, ours: JsonObject) -> JsonObject:
    """The local settings with what is ours in them as it is now: the door of an earlier `codegen init` is gone."""
    env, sandbox = _object(there, "env"), _object(there, "sandbox")
    network = _object(sandbox, "network")
    old = str(env.get("CODEGEN_DOOR", "")).rpartition(":")[0]
    domains = network.get("allowedDomains")
    kept: list[Json] = [each for each in domains if each != old] if isinstance(domains, list) else []
    clean: JsonObject = {
        **there,
        "env": {name: value for name, value in env.items() if not name.startswith("CODEGEN_")},
        "sandbox": {**sandbox, "network": {**network, "allowedDomains": kept}},
    }
    return merged(clean, ours)


def can_confine() -> tuple[bool, str]:
    """Whether Claude Code's Bash sandbox works here; else what it lacks."""
    if sys.platform == "darwin":
        return True, ""
    missing = [name for name, program in (("bubblewrap", "bwrap"), ("socat", "socat")) if not shutil.which(program)]
    if missing:
        return False, f"{' and '.join(missing)} not found: sudo apt install {' '.join(missing)}"
    probe = ["bwrap", "--ro-bind", "/", "/", "--unshare-net", "--unshare-pid", "--dev", "/dev", "true"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stderr.strip()[-200:]


def _object(parent: JsonObject, name: str) -> JsonObject:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}
