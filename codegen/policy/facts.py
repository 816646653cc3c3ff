"""What a tool does to the world, by its server's hints and by the person's word, which goes first."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from codegen.config.overlays import SAID, ServerSettings
from codegen.model import Effect, Tool


@dataclass(frozen=True, slots=True)
class Facts:
    """`idempotent`: a second call with the same arguments changes nothing more. `open_world`: it reaches beyond its
    server. Where nothing is said these are no and yes, as MCP has it; what only reads may always be repeated.

    `source` says where `effect` is from.
    """

    effect: Effect
    idempotent: bool
    open_world: bool
    source: str


def facts_of(tool: Tool, said: ServerSettings) -> Facts:
    """The facts of a tool under the settings of its server."""
    trusted = said.hints == "trust"
    effect: Effect = tool.effect if trusted else "unknown"
    source = "the server says nothing" if effect == "unknown" else "the server's hint"
    if not trusted:
        source = f'[servers.{tool.server}] hints = "ignore"'
    words: dict[str, Effect] = {"destructive": "destructive", "writes": "writes", "reads": "reads"}
    for key in SAID:
        pattern = _matching(tool.name, getattr(said, key))
        if key in words and pattern:
            effect, source = words[key], f'[servers.{tool.server}] {key} "{pattern}"'
            break
    repeatable = effect == "reads" or bool(_matching(tool.name, said.idempotent))
    return Facts(
        effect=effect,
        idempotent=repeatable or (trusted and tool.hint("idempotentHint") is True),
        open_world=not (trusted and tool.hint("openWorldHint") is False),
        source=source,
    )


def is_write(facts: Facts) -> bool:
    """Whether a call may change something: all that isn't known to read."""
    return facts.effect != "reads"


def _matching(tool: str, patterns: tuple[str, ...]) -> str:
    return next((pattern for pattern in patterns if fnmatchcase(tool, pattern)), "")
