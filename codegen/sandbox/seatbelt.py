"""macOS's own sandbox as the wall: `sandbox-exec` with a profile that is written for each run.

UNTESTED ON A REAL MAC. What is tested is the profile's text, and, on any Unix, the start and the end of a run behind a
stand-in for `sandbox-exec`. The profile's language is described by nobody but its users: the last rule that matches
wins, and paths are compared after links are resolved (/tmp is /private/tmp).
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path

from codegen.sandbox.backend import Availability, ExecResult, Mounts, Process, Spec, View, Wall
from codegen.sandbox.forkserver import PACKAGES, request_of
from codegen.sandbox.layout import Place, lay_out
from codegen.sandbox.plan import Leashed
from codegen.sandbox.probe import try_out
from codegen.sandbox.process import readable
from codegen.sandbox.verdict import not_built, read_verdict

COMMAND = "/usr/bin/sandbox-exec"
WEAKER = (
    "untested on a real Mac",
    "a process that detaches itself between two looks (0.1 s) outlives the run",
    "processes and memory are watched, not bound",
    "that listed paths' outer folders exist can be seen",
    "/tmp is a folder of the run's own instead, named by TMPDIR",  # noqa: S108  # words
)

_LAUNCHER = (PACKAGES / "codegen" / "__init__.py", PACKAGES / "codegen" / "sandbox")
_SYSTEM = (
    "/usr/lib", "/usr/share", "/usr/bin", "/bin", "/System/Library", "/System/Volumes/Preboot/Cryptexes/OS",
    "/private/etc/ssl", "/private/var/db/timezone",
)  # fmt: skip
"""Programs, libraries (dyld's cache is in the cryptex), certificates, time zones."""

_OF_A_FRAMEWORK = ("Python", "Resources")  # of python.org's and Homebrew's builds, beside bin and lib
_HOMEBREW = ("/opt/homebrew", "/usr/local")
_OF_HOMEBREW = ("Cellar", "opt", "lib")  # what a Python from there is linked with
_PRIVATE = ("/tmp/", "/var/", "/etc/")  # noqa: S108  # links into /private

_ALWAYS = """\
(version 1)
(deny default)
(allow process-fork)
(allow process-info* (target self))
(allow signal (target self) (target children))
(allow sysctl-read)
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))
(allow ipc-posix-sem (ipc-posix-name-regex #"^/mp-"))
(allow file-read-data (literal "/"))
(allow file-read* (literal "/dev/random") (literal "/dev/urandom"))
(allow file-read* file-write-data (literal "/dev/null") (literal "/dev/zero"))
"""
"""User names (pwd), multiprocessing's locks, what dyld reads of the root; beside these no service, and no network."""

_KEEP = "import sys; sys.path.append(sys.argv[1]); from codegen.sandbox.inside.leash import main; main()"
_RUN = "import sys; sys.path.append(sys.argv[1]); from codegen.sandbox.inside.leash import run; run()"


class Seatbelt:
    """`command` is what takes `-p PROFILE` and the words to execute."""

    name = "seatbelt"
    confines = True

    def __init__(self, command: str = COMMAND) -> None:
        self._command = command

    def probe(self) -> Availability:
        """Start an empty script behind a profile."""
        if sys.platform != "darwin":
            return Availability(works=False, why="macOS only")
        found = try_out(self)
        return Availability(works=True, weaker=WEAKER) if found.works else found

    def prepare(self, view: View) -> Wall:
        """See `Backend.prepare`."""
        return _Wall(self._command, view)


class _Wall:
    """Nothing is kept ready: each run has its own profile, for its own temporary folder."""

    alive = True

    def __init__(self, command: str, view: View) -> None:
        self._command = command
        self._view = view
        self._runs: weakref.WeakSet[_Leash] = weakref.WeakSet()

    def start(self, spec: Spec) -> Process:
        process = _Leash()
        scratch = os.path.realpath(tempfile.mkdtemp(prefix="codegen-"))
        try:
            process.begin(self._plan(spec, scratch), self._view.python)
        except OSError as error:
            os.rmdir(scratch)  # noqa: PTH106  # a text by now
            process.refuse(f"{error.strerror}{f': {error.filename}' if error.filename else ''}")
        self._runs.add(process)
        return process

    def _plan(self, spec: Spec, scratch: str) -> Leashed:
        """Raises NotADirectoryError."""
        view = self._view
        python = [os.fspath(view.python), "-I", "-S", "-X", "utf8", "-c", _RUN, os.fspath(PACKAGES)]
        packages = [os.fspath(path) for path in view.packages]
        return {
            "command": [self._command, "-p", profile(view.mounts, scratch), *python, *packages],
            "request": request_of(spec, addresses=False),
            "writable": [os.fspath(path) for path in view.mounts.writable],
            "scratch": scratch,
            "control": -1,
            "channel": spec.channel,
            "stdout": spec.stdout,
            "stderr": spec.stderr,
        }

    def close(self) -> None:
        self.alive = False
        for process in self._runs:
            process.kill()


class _Leash:
    """A run, by the process that keeps it: its stdout is the verdict, the end of its control pipe ends the run."""

    def __init__(self) -> None:
        self._control = -1
        self._popen: subprocess.Popen[bytes] | None = None
        self._said = b""
        self._result: ExecResult | None = None

    def begin(self, plan: Leashed, python: Path) -> None:
        """Raises OSError."""
        control, self._control = os.pipe()
        plan["control"] = control
        with tempfile.TemporaryFile() as stdin:
            stdin.write(json.dumps(plan).encode())
            stdin.seek(0)
            try:
                self._popen = subprocess.Popen(
                    [os.fspath(python), "-I", "-S", "-X", "utf8", "-c", _KEEP, os.fspath(PACKAGES)],
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    env={"PATH": "/usr/bin:/bin"},
                    pass_fds=(control, plan["channel"], plan["stdout"], plan["stderr"]),
                    start_new_session=True,
                )
            finally:
                os.close(control)
        assert self._popen.stdout is not None
        os.set_blocking(self._popen.stdout.fileno(), False)  # it takes no keyword

    def refuse(self, why: str) -> None:
        """Nothing was begun."""
        self._result = not_built(why)
        self.kill()

    @property
    def result(self) -> ExecResult | None:
        for _ in self._waits():
            return None
        return self._result

    def kill(self) -> None:
        if self._control >= 0:
            os.close(self._control)
            self._control = -1

    def wait(self, timeout: float | None = None) -> ExecResult:
        end = None if timeout is None else time.monotonic() + timeout
        for descriptor in self._waits():
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            left = None if end is None else max(0.0, end - time.monotonic()) * 1000
            if not poll.poll(left):
                raise TimeoutError(f"the run has not ended within {timeout} s")
        assert self._result is not None
        return self._result

    async def ended(self) -> ExecResult:
        for descriptor in self._waits():
            await readable(descriptor)
        assert self._result is not None
        return self._result

    def _waits(self) -> Iterator[int]:
        """What to wait for next, again and again until the result is there."""
        while self._result is None:
            assert self._popen is not None and self._popen.stdout is not None
            descriptor = self._popen.stdout.fileno()
            try:
                part = os.read(descriptor, 4096)
            except BlockingIOError:
                yield descriptor
                continue
            self._said += part
            if not part:
                self._popen.stdout.close()
                self._popen.wait()
                self.kill()
                # The first word counts: that the command could not be executed.
                self._result = read_verdict(self._said.decode(errors="replace").partition("\n")[0])

    def __del__(self) -> None:
        self.kill()


def profile(mounts: Mounts, scratch: str) -> str:
    """What a run may do, as `sandbox-exec -p` takes it. Raises NotADirectoryError for a writable path that is none."""
    shown = [os.fspath(path) for path in (*mounts.read_only, *_python(), *map(Path, _SYSTEM), *_LAUNCHER)]
    places = lay_out(shown, [*(os.fspath(path) for path in mounts.writable), scratch])
    folders = dict.fromkeys(above for place in places for path in _spellings(place) for above in _above(path))
    rules = [f"(allow file-read-metadata {_filters('literal', folders)})\n"]
    writable: list[str] = []
    for place in places:
        filters = _filters("subpath" if place.is_folder else "literal", _spellings(place))
        rules.append(f"(allow file-read* {filters})\n")
        if place.writable:
            rules.append(f"(allow file-write* {filters})\n")
            writable.append(place.path)
        else:
            rules.append(f"(allow file-map-executable process-exec {filters})\n")
        if not place.writable and any(above in writable for above in _above(place.path)):
            rules.append(f"(deny file-write* {filters})\n")
    return "".join((_ALWAYS, *rules, "(deny file-write-setugid)\n"))


def _python() -> Iterator[Path]:
    """What `view.system_mounts` doesn't know of: parts of a framework, and Homebrew's libraries."""
    prefix = Path(sys.base_prefix).resolve()
    yield from (prefix / name for name in _OF_A_FRAMEWORK)
    for brew in _HOMEBREW:
        if prefix.is_relative_to(f"{brew}/Cellar"):
            yield from (Path(brew, name) for name in _OF_HOMEBREW)


def _spellings(place: Place) -> Iterable[str]:
    """As it was listed, and as the kernel compares it: a link by its own place, anything else by where it really is."""
    folder, name = os.path.split(place.path)
    real = os.path.join(os.path.realpath(folder), name) if place.link else os.path.realpath(place.path)  # noqa: PTH118
    private = [f"/private{path}" for path in (place.path, real) if path.startswith(_PRIVATE)]
    return dict.fromkeys((place.path, real, *private))


def _above(path: str) -> Iterator[str]:
    return map(os.fspath, Path(path).parents)


def _filters(kind: str, paths: Iterable[str]) -> str:
    return " ".join(f"({kind} {_quoted(path)})" for path in paths)


def _quoted(path: str) -> str:
    """A string of the profile's language: only the quote and the backslash mean something in it."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
