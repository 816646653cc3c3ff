"""What CPython in WebAssembly runs before and around a script: `inside.py` then does there what it does everywhere.

It has one thread. Where others would start one, the work is done on the spot: `gather`, and whoever uses an executor,
get the same results one after another.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import concurrent.futures.thread
import errno
import os
import random
import sys
from typing import NoReturn

from codegen.sandbox.inside import runner

CHANNEL = 3
OURS = "/codegen"


class OnTheSpot(concurrent.futures.Executor):
    """An executor that is done when it is asked."""

    def __init__(self, *_arguments: object, **_named: object) -> None:
        pass

    def submit(self, fn, /, *arguments, **named):  # type: ignore[no-untyped-def]  # as the base has it
        future: concurrent.futures.Future[object] = concurrent.futures.Future()
        try:
            future.set_result(fn(*arguments, **named))
        except BaseException as error:  # noqa: BLE001  # it is the caller's, and comes out of the future
            future.set_exception(error)
        return future


def settle() -> None:
    """Make this interpreter ready for any script."""
    concurrent.futures.ThreadPoolExecutor = OnTheSpot  # type: ignore[assignment, misc]
    concurrent.futures.thread.ThreadPoolExecutor = OnTheSpot  # type: ignore[assignment, misc]
    os.system = no_process  # pyodide would ask deno for one, and not survive the refusal
    os._exit = end  # there is no process to end either


def no_process(command: object) -> int:
    """Stands for os.system."""
    raise OSError(errno.ENOSYS, "no process can be started here", str(command))


def end(status: int) -> NoReturn:
    """Stands for os._exit."""
    raise SystemExit(status)


def run(workspace: str, environment: dict[str, str]) -> int:
    """Run the one script that the channel asks for; its exit status."""
    random.seed()  # a snapshot has drawn its seed already
    os.environ.clear()
    os.environ.update(environment)
    os.makedirs(workspace, exist_ok=True)  # noqa: PTH103
    os.chdir(workspace)
    os.dup2(os.open("/dev/channel", os.O_RDWR), CHANNEL)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    sys.path[:] = [path for path in sys.path if path not in {"", OURS}]
    for name in [name for name in sys.modules if name.partition(".")[0] == "codegen"]:
        del sys.modules[name]
    try:
        runner.run(CHANNEL)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0


assert asyncio  # imported ahead, like all above
