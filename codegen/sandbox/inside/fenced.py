"""The world where no namespace can be had: Landlock and a stricter seccomp filter around the script alone.

The keeper stays outside that fence, so that no signal of the script reaches it; what the script leaves, it adopts.
"""

from __future__ import annotations

import os

from codegen.sandbox.inside import warden
from codegen.sandbox.linux import landlock, limits, privileges, seccomp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.sandbox.plan import Request, World

_DEVICES = ["/dev/null", "/dev/zero", "/dev/full"]
_READABLE = ["/dev/random", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems"]


class Fenced:
    """Files outside the listed paths exist, as stat() shows, but can't be opened; /tmp is a folder of the run's own."""

    flags = 0
    shelters = False
    once = False
    tick_ms = warden.QUICK_TICK_MS  # RLIMIT_NPROC counts the user's other processes too, so it isn't set

    def __init__(self, wanted: World) -> None:
        self.writable = wanted["writable"]
        self._readable = [path for path in (*wanted["read_only"], *_READABLE) if os.path.exists(path)]  # noqa: PTH110
        self._filter = bytes.fromhex(wanted["filter"])
        self.scratch: list[str] = []
        if not landlock.version():
            raise OSError(38, "Landlock can't be had")
        for path in self.writable:
            if os.path.islink(path) or not os.path.isdir(path):  # noqa: PTH112, PTH114
                raise NotADirectoryError(20, "a writable path must be a real folder", path)
        privileges.adopt_orphans()
        privileges.set_dumpable(False)

    def enter(self, request: Request) -> None:
        privileges.adopt_orphans()
        os.setsid()
        own = f"/tmp/codegen-{os.urandom(8).hex()}"  # noqa: S108
        os.mkdir(own, 0o700)  # noqa: PTH102
        self.scratch.append(own)
        os.environ.update(TMPDIR=own, HOME=own)
        os.chdir(request["cwd"])
        limits.apply(request["limits"], own_user_namespace=False)

    def confine_script(self) -> None:
        os.setsid()  # where Landlock doesn't scope signals, one to its own group must not reach the keeper
        privileges.set_dumpable(True)
        privileges.drop_capabilities()
        landlock.restrict(self._readable, [*_DEVICES, *self.writable, *self.scratch])
        privileges.install_filter(seccomp.for_process(self._filter, os.getpid()))

    def members(self) -> Iterable[int]:
        return warden.descendants(os.getpid())

    def leave(self) -> None:
        import shutil

        for folder in self.scratch:
            shutil.rmtree(folder, ignore_errors=True)
