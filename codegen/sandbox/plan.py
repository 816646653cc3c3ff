"""What the launcher is told, as it travels: only types, imported by nobody at run time inside."""

from __future__ import annotations

from typing import TypedDict


class Bounds(TypedDict):
    """Limits that the launcher sets and watches."""

    cpu_s: int
    memory_bytes: int
    processes: int
    file_bytes: int
    open_files: int


class Wall(TypedDict):
    """What to build. `filter` is a seccomp program, in hexadecimal."""

    read_only: list[str]
    writable: list[str]
    scratch_bytes: int
    filter: str


class Plan(TypedDict):
    """Everything one launcher needs. `parent` is the process without which the run must not live."""

    parent: int
    channel: int
    cwd: str
    limits: Bounds
    wall: Wall | None
