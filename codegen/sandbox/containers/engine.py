"""How a container is started with docker or podman: what an engine says of itself in, command lines out. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from codegen.sandbox.backend import MIB, Limits

GVISOR = "runsc"
OURS = "/run/codegen"
"""Where the modules that a container needs of ours are found inside."""

_OVERHEAD_BYTES = 64 * MIB
"""What the kernel counts as the container's memory beside the script's: our own process 1, and page tables."""

_OVERHEAD_TASKS = 8
_IGNORE = "--ignore-cgroups"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")


@dataclass(frozen=True, slots=True)
class Engine:
    """A client's program, and what its engine can do.

    `limits` names the controllers ("memory", "pids") by which it can bound a container, but not under the `unbounded`
    ones of its runtimes; docker names all `runtimes`, podman the one it takes by itself. `remaps_users`: they are
    others outside; `rootless`: it runs as an ordinary user.
    """

    program: str
    is_podman: bool
    rootless: bool = False
    remaps_users: bool = False
    limits: frozenset[str] = frozenset()
    runtimes: tuple[str, ...] = ()
    unbounded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shown:
    """What of the host a container shows: real paths, the same inside but for `ours`, and links that are made anew."""

    read_only: tuple[str, ...]
    writable: tuple[str, ...]
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class User:
    """Who the script is, in the host's numbers, and the most open files and processes that this user may have."""

    uid: int
    gid: int
    most_files: int
    most_processes: int


@dataclass(frozen=True, slots=True)
class Container:
    """One run's container. `runtime` of "" is the engine's own; `sources` is where the folder codegen/sandbox lies."""

    name: str
    image: str
    runtime: str
    sources: str
    shown: Shown
    limits: Limits


def read_info(program: str, text: str) -> Engine | None:
    """What `info` in JSON says, of either engine; None where it describes none (a client alone, an error)."""
    try:
        info = json.loads(text)
    except ValueError:
        return None
    if not isinstance(info, dict):
        return None
    if isinstance(host := info.get("host"), dict):  # also podman under docker's name
        return _podman(program, host)
    return _docker(program, info) if info.get("ServerVersion") else None


def _podman(program: str, host: dict[str, Any]) -> Engine:
    found = frozenset(host.get("cgroupControllers") or ())
    rootless = bool(host.get("security", {}).get("rootless"))
    if rootless and host.get("cgroupVersion") == "v1":
        found = frozenset()  # an ordinary user has no part in those
    runtime = host.get("ociRuntime", {}).get("name")
    return Engine(
        program,
        is_podman=True,
        rootless=rootless,
        limits=found & {"memory", "pids"},
        runtimes=(runtime,) if runtime else (),
        unbounded=frozenset({GVISOR}),  # see below
    )


def _docker(program: str, info: dict[str, Any]) -> Engine:
    security = {option.split(",")[0] for option in info.get("SecurityOptions") or ()}
    runtimes = info.get("Runtimes") or {}
    can = {"memory": info.get("MemoryLimit"), "pids": info.get("PidsLimit")}
    return Engine(
        program,
        is_podman=False,
        rootless="name=rootless" in security,
        remaps_users="name=userns" in security,
        limits=frozenset(name for name, yes in can.items() if yes),
        runtimes=tuple(runtimes),
        unbounded=frozenset(name for name, how in runtimes.items() if _IGNORE in (how.get("runtimeArgs") or ())),
    )


def info_command(program: str) -> list[str]:
    """`docker` prints what is asked for in a Go template; so does podman, under either name."""
    return [program, "info", "--format", "{{json .}}"]


def remove_command(engine: Engine, name: str) -> list[str]:
    """End a container, whatever it is doing, and leave nothing of it."""
    return [engine.program, "rm", "--force", *(("--time", "0") if engine.is_podman else ()), "--volumes", name]


def run_command(engine: Engine, container: Container, user: User, program: tuple[str, ...]) -> list[str]:
    """The whole command that runs `program` in a container, attached to its own stdin and stdout."""
    return [
        engine.program,
        *(_runtime_of_podman(container.runtime) if engine.is_podman else ()),
        "run",
        *(("--runtime", container.runtime) if container.runtime and not engine.is_podman else ()),
        *("--rm", "--interactive", "--name", container.name, "--pull", "never"),
        *("--network", "none", "--read-only", "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges"),
        # Relabelling a person's files would be worse than one lock less.
        *("--security-opt", "label=disable"),
        *("--hostname", "sandbox", "--log-driver", "none", "--workdir", "/"),
        *_of_flavour(engine, user),
        *_of_limits(engine, container.limits, user),
        *_environment(),
        *_mounts(engine, container),
        container.image,
        *program,
    ]


def _runtime_of_podman(runtime: str) -> Iterator[str]:
    """Before the verb. What gVisor can't do by itself under podman it isn't asked for."""
    if runtime:
        yield from ("--runtime", runtime)
    if runtime == GVISOR:
        yield from ("--runtime-flag", "network=none", "--runtime-flag", _IGNORE.lstrip("-"))


def _of_flavour(engine: Engine, user: User) -> Iterator[str]:
    """The script's user is whoever owns its files outside, for it has to write to data/."""
    if engine.is_podman:
        yield from ("--read-only-tmpfs=false", "--http-proxy=false", "--no-hosts")
        if engine.rootless:
            yield from ("--userns", "keep-id")
    elif engine.remaps_users:
        yield from ("--userns", "host")
    is_root_inside = engine.rootless and not engine.is_podman  # whom rootless docker makes its own user
    yield from ("--user", "0:0" if is_root_inside else f"{user.uid}:{user.gid}")


def _of_limits(engine: Engine, limits: Limits, user: User) -> Iterator[str]:
    """What the kernel holds around the whole container, wider than what process 1 in it holds for the script."""
    memory = limits.memory_bytes + 2 * limits.scratch_bytes + _OVERHEAD_BYTES
    if "memory" in engine.limits:
        yield from ("--memory", str(memory), "--memory-swap", str(memory))
    yield from ("--pids-limit", str(limits.processes + _OVERHEAD_TASKS)) if "pids" in engine.limits else ()
    files = min(limits.open_files, user.most_files)
    yield from ("--ulimit", f"nofile={files}:{files}", "--ulimit", f"fsize={limits.file_bytes}:{limits.file_bytes}")
    yield from ("--ulimit", "core=1:1")  # not 0: see limits.py
    if engine.is_podman:  # which would raise it, and isn't always allowed to
        yield from ("--ulimit", f"nproc={user.most_processes}:{user.most_processes}")
    yield from ("--shm-size", str(limits.scratch_bytes))
    yield from ("--tmpfs", f"/tmp:rw,exec,nosuid,nodev,size={limits.scratch_bytes},mode=1777")  # noqa: S108


def _environment() -> Iterator[str]:
    """Of a person's proxies, which may hold a password, a client's settings would tell every container."""
    for name in _PROXIES:
        yield from ("--env", f"{name}=", "--env", f"{name.lower()}=")


def _mounts(engine: Engine, container: Container) -> Iterator[str]:
    bind = _bind_of_podman if engine.is_podman else _bind_of_docker
    yield from bind(container.sources, f"{OURS}/codegen/sandbox", read_only=True)
    for path in container.shown.read_only:
        yield from bind(path, path, read_only=True)
    for path in container.shown.writable:
        yield from bind(path, path, read_only=False)


def _bind_of_docker(source: str, target: str, *, read_only: bool) -> tuple[str, str]:
    """--mount, for -v would make a folder of the host where there is none, as root, and can't take a colon."""
    line = io.StringIO()
    fields = ["type=bind", f"source={source}", f"target={target}", *(["readonly"] if read_only else [])]
    csv.writer(line, lineterminator="").writerow(fields)
    return ("--mount", line.getvalue())


def _bind_of_podman(source: str, target: str, *, read_only: bool) -> tuple[str, str]:
    """Podman splits --mount at every comma, and -v at every colon. Raises ValueError for a path with both."""
    if ":" not in source + target:
        return ("-v", f"{source}:{target}:{'ro' if read_only else 'rw'},nosuid,nodev")
    if set(',"') & set(source + target):
        raise ValueError(f"podman can't mount a path with a colon and a comma: {source}")
    return ("--mount", f"type=bind,source={source},target={target}{',ro=true' if read_only else ''}")
