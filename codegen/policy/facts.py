"""What a tool does to the world, by its server's hints and by the person's word, which goes first."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.config.overlays import ServerSettings, effect_said, is_idempotent
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
    effect, setting = effect_said(said, tool.name)
    if effect is not None:
        source = f"[servers.{tool.server}] {setting}"
    elif trusted or tool.effect == "destructive":  # which no server says in its own favour
        effect, source = tool.effect, "the server says nothing" if tool.effect == "unknown" else "the server's hint"
    else:
        effect, source = "unknown", f'[servers.{tool.server}] hints = "ignore"'
    believed = trusted and not setting  # whoever was wrong about the one is not asked about the other
    repeatable = effect == "reads" or is_idempotent(said, tool.name)
    return Facts(
        effect=effect,
        idempotent=repeatable or (believed and tool.hint("idempotentHint") is True),
        open_world=not (trusted and tool.hint("openWorldHint") is False),
        source=source,
    )


def is_write(facts: Facts) -> bool:
    """Whether a call may change something: all that isn't known to read."""
    return facts.effect != "reads"
