"""The values and the small protocol that every sandbox speaks."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from codegen.sandbox.process import Process

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. The broker enforces `time_s` and `output_bytes`, the sandbox everything else.

    `memory_bytes` and `cpu_s` are for all processes of the run together, `processes` counts processes and threads,
    `scratch_bytes` is the size of the private /tmp. What a run writes below a writable folder is limited per file
    (`file_bytes`) and not in sum: no unprivileged means of Linux does that.
    """

    time_s: float = 300
    cpu_s: int = 300
    memory_bytes: int = 2048 * MIB
    processes: int = 128
    file_bytes: int = 256 * MIB
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
        """What the listed paths are at this moment; a spare started ahead is stale once it differs."""
        return tuple(_state(path) for path in (*self.read_only, *self.writable))


def _state(path: Path) -> tuple[str, int, int]:
    try:
        found = path.lstat()
    except OSError:
        return (str(path), 0, 0)
    return (str(path), found.st_dev, found.st_ino)


@dataclass(frozen=True, slots=True)
class Spec:
    """One process to start: what it sees, may use, and is connected to.

    `environment` is complete: nothing is inherited. `channel` is one end of a stream socketpair and becomes descriptor
    3 inside, the only door; `stdout` and `stderr` are write ends of pipes. The caller owns, and closes, all three.
    """

    python: Path
    mounts: Mounts
    cwd: Path
    channel: int
    stdout: int
    stderr: int
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a backend works here: if not, the measured reason and the one command that mends it."""

    works: bool
    why: str = ""
    mend: str = ""


class Backend(Protocol):
    """One way to confine a run."""

    name: str
    confines: bool
    """False where nothing holds a script back; whoever runs it must say so, loudly."""

    def probe(self) -> Availability:
        """Try it, in a throw-away child."""

    def start(self, spec: Spec) -> Process:
        """Start a runner that waits for the start frame on the other end of `spec.channel`.

        Call it from the main thread: Linux ties "die with your parent" to the thread that started the child.
        """


Reason: TypeAlias = Literal["exit", "killed", "cpu", "memory", "processes", "signal", "sandbox"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. `code` is the script's own exit status, or None where it had none.

    `sandbox` means that the wall could not be built and nothing was run; the reason is on stderr.
    """

    reason: Reason
    code: int | None = None
    text: str = ""


MEMORY_SIGNAL, PROCESSES_SIGNAL, BROKEN_SIGNAL = 40, 41, 42
"""Real-time signals by which the launcher ends to say what no exit status is left for."""

_BY_SIGNAL: Mapping[int, tuple[Reason, str]] = {
    MEMORY_SIGNAL: ("memory", "the memory limit was reached"),
    PROCESSES_SIGNAL: ("processes", "the limit on processes and threads was reached"),
    BROKEN_SIGNAL: ("sandbox", "the sandbox could not be built"),
    int(signal.SIGXCPU): ("cpu", "the CPU time limit was reached"),
    int(signal.SIGKILL): ("killed", "it was killed"),
    int(signal.SIGTERM): ("killed", "it was killed"),
}


def ending(returncode: int) -> Ending:
    """Read a `Process.returncode`. A plain MemoryError is an ordinary exit 1: the failure frame names it."""
    if returncode >= 0:
        return Ending("exit", returncode)
    reason, text = _BY_SIGNAL.get(-returncode, ("signal", f"it was ended by {_signal_name(-returncode)}"))
    return Ending(reason, None, text)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
