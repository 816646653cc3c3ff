"""Keeps one run: enters its world, forks the script's process, watches it, and reports how it ended."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` would cost each cold start 2 ms
import _socket
import os
import select

from codegen.sandbox.inside import warden
from codegen.sandbox.inside.disk import Disk
from codegen.sandbox.linux import privileges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    from codegen.sandbox.inside.world import World
    from codegen.sandbox.plan import Bounds, Request

_KILL, _TERMINATE = 9, 15


def keep(request: Request, report: int, here: World) -> None:
    """Returns only in the script's own process. Raises OSError before anything of the script has run."""
    alone = here.once or here.flags != 0
    privileges.die_with_parent(_KILL if alone else _TERMINATE)
    if _is_shut(report):
        os._exit(1)
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(request["environment"])
    here.enter(request)
    disk = Disk(_room(here, request["limits"]))
    script = os.fork()
    if not script:
        privileges.die_with_parent(_KILL)
        here.confine_script()
        os.close(report)
        return
    if not alone:
        _signal.signal(_signal.SIGTERM, lambda number, frame: _end(here, number, frame))
    os.closerange(0, report)
    verdict = warden.watch(script, request["limits"], here.members, report, disk, tick_ms=here.tick_ms)
    if not alone:
        warden.kill_all(here.members)
    here.leave()
    say(report, verdict)
    os._exit(0)


def _room(here: World, bounds: Bounds) -> dict[str, int]:
    """How much may be written where; what bounds the bytes of a scratch folder need not bound its number of files."""
    data = dict.fromkeys(here.writable, bounds["disk_bytes"])
    of_its_own = here.flags or here.once  # a file system, which is full, and says so, before this ends the run
    return data | dict.fromkeys(here.scratch, bounds["scratch_bytes"] * (2 if of_its_own else 1))


def say(report: int, words: str) -> None:
    """Tell the broker, if it still listens."""
    try:
        _socket.socket(fileno=report).send(words.encode())
    except OSError:
        return


def _is_shut(report: int) -> bool:
    poll = select.poll()
    poll.register(report, select.POLLIN)
    return bool(poll.poll(0))


def _end(here: World, _number: int, _frame: FrameType | None) -> None:
    """The fork server was killed: nobody would end the run."""
    warden.kill_all(here.members)
    here.leave()
    os._exit(1)
