"""What a zygote is told, as it travels: only types, imported by nobody at run time inside."""

from __future__ import annotations

from typing import Literal, TypedDict


class Bounds(TypedDict):
    """Limits that the sandbox sets and watches. `address_bytes` of 0 leaves the address space alone."""

    cpu_s: int
    memory_bytes: int
    address_bytes: int
    processes: int
    file_bytes: int
    disk_bytes: int
    open_files: int
    scratch_bytes: int


class World(TypedDict):
    """What to build. `filter` is a seccomp program, in hexadecimal.

    `namespaces` shows the listed paths and nothing else; `landlock`, for where those can't be had, forbids the rest;
    `given` has been built around the process already, by somebody else, and for one run.
    """

    kind: Literal["namespaces", "landlock", "given"]
    read_only: list[str]
    writable: list[str]
    filter: str


class Plan(TypedDict):
    """Everything one zygote needs. `parent` is the process without which it must not live.

    `runner` is the module whose `run(channel)` becomes the run, `preload` what is imported while there is time.
    """

    parent: int
    control: int
    runner: str
    packages: list[str]
    preload: list[str]
    world: World | None


class Request(TypedDict):
    """One run. With it come descriptors: channel, stdout, stderr, the report's other end, a control group's, if any."""

    cwd: str
    environment: dict[str, str]
    limits: Bounds


class Leashed(TypedDict):
    """One run that is kept by a leash (`leash.py`): what to execute, and the numbers of the descriptors it is given."""

    command: list[str]
    request: Request
    writable: list[str]
    scratch: str
    control: int
    channel: int
    stdout: int
    stderr: int
