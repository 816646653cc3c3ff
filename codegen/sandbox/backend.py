"""The values and the small protocol that every sandbox speaks.

backend.prepare(view) -> Wall        once for a workspace; what it costs is paid here
wall.start(spec) -> Process          for each run, also side by side
await process.ended() -> ExecResult
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. The broker enforces `time_s` and `output_bytes`, the sandbox everything else.

    `memory_bytes` and `cpu_s` are for all processes of the run together, `processes` counts processes and threads,
    `file_bytes` is the size of any one file, `disk_bytes` what a run adds to the writable folders in sum, and
    `scratch_bytes` the size of the private /tmp.
    """

    time_s: float = 300
    cpu_s: int = 300
    memory_bytes: int = 2048 * MIB
    processes: int = 128
    file_bytes: int = 256 * MIB
    disk_bytes: int = 1024 * MIB
    open_files: int = 256
    output_bytes: int = 64 * MIB
    scratch_bytes: int = 64 * MIB


@dataclass(frozen=True, slots=True)
class Mounts:
    """All that is visible inside, at its real path: folders and files, absolute.

    A symbolic link is shown as a link, so what it points to is visible only if that is listed too. `writable` folders
    must be real folders. The system's own part comes from `system_mounts`.
    """

    read_only: tuple[Path, ...]
    writable: tuple[Path, ...] = ()

    def state(self) -> tuple[tuple[str, int, int], ...]:
        """What the listed paths are at this moment; a wall that was prepared before is stale once it differs."""
        return tuple(_state(path) for path in (*self.read_only, *self.writable))


def _state(path: Path) -> tuple[str, int, int]:
    try:
        found = path.lstat()
    except OSError:
        return (str(path), 0, 0)
    return (str(path), found.st_dev, found.st_ino)


@dataclass(frozen=True, slots=True)
class View:
    """What is the same for all runs behind one wall.

    `packages` are folders of installed packages, found before those of `python` itself. `preload` names modules that a
    backend with a warm process imports ahead; where there is none it means nothing.
    """

    python: Path
    mounts: Mounts
    packages: tuple[Path, ...] = ()
    preload: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spec:
    """One run to start: where, with what, connected to what.

    `environment` is complete: nothing is inherited. `channel` is one end of a stream socketpair and becomes descriptor
    3 inside, the only door; `stdout` and `stderr` are write ends of pipes. The caller owns, and closes, all three.
    """

    cwd: Path
    channel: int
    stdout: int
    stderr: int
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    limits: Limits = Limits()


Limit: TypeAlias = Literal["time", "cpu", "memory", "processes", "disk", "output"]
Reason: TypeAlias = Literal["exit", "signal", "killed", "limit", "sandbox"]


@dataclass(frozen=True, slots=True)
class ExecResult:
    """How a run ended, and which limit ended it. `code` is the script's own exit status, None where it had none.

    `sandbox` means that the wall could not be built and nothing was run. Limits that the script itself is told of, and
    may live on after (a file's size, open files, memory as a MemoryError), are no ends. `text` says the same in words.
    """

    reason: Reason
    code: int | None = None
    limit: Limit | None = None
    text: str = ""


class Process(Protocol):
    """A run, from its start to the death of its last process."""

    @property
    def result(self) -> ExecResult | None:
        """How it ended, None while any of it lives; doesn't block."""

    def kill(self) -> None:
        """End every process of the run, soon; idempotent, doesn't block. They are gone once `ended` returns."""

    def wait(self, timeout: float | None = None) -> ExecResult:
        """Block until it has ended; raises TimeoutError."""

    async def ended(self) -> ExecResult:
        """Wait without blocking the event loop; may be cancelled, which leaves the run alone."""


class Wall(Protocol):
    """A wall that stands ready. What one run does in it is not there for the next, but in the writable folders."""

    @property
    def alive(self) -> bool:
        """False when it can start no more runs: prepare another."""

    def start(self, spec: Spec) -> Process:
        """Start a runner, which waits for the start frame on the other end of `spec.channel`; doesn't block.

        A wall that can't be built is a result of the process. Call it from the main thread: Linux ties "die with your
        parent" to the thread that started the child.
        """

    def close(self) -> None:
        """Let go of what was kept ready. Runs that are under way are ended."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a backend works here: if not, the measured reason and the one command that mends it.

    `weaker` says what it can't hold here that it holds elsewhere: such a level is taken only when nothing whole works,
    and is said in the run's record. `needs_consent`: it is taken only by name, for what it gives up is not small.
    """

    works: bool
    why: str = ""
    mend: str = ""
    weaker: tuple[str, ...] = ()
    needs_consent: bool = False


class Backend(Protocol):
    """One way to confine runs: one file, which knows no sibling."""

    name: str
    confines: bool
    """False where nothing holds a script back; whoever runs it must say so, loudly."""

    def probe(self) -> Availability:
        """Try it, in a throw-away child."""

    def prepare(self, view: View) -> Wall:
        """Get a wall ready; doesn't block."""
