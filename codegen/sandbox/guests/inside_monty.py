"""The runner where scripts are run by monty: outside its interpreter, which is one more process.

It answers what the script asks for and nothing else: calls of tools go to the channel, sleep is slept, and there are
neither files nor an environment. Frames are those of `inside.py`. No code of the workspace runs in this process.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time

from codegen import stub
from codegen.sandbox import view
from codegen.sandbox.guests import declared, lock, monty_failure, monty_source
from codegen.sandbox.inside import interpreter, jsonable, runner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future, ThreadPoolExecutor
    from pathlib import Path
    from typing import Any, NoReturn

    import pydantic_monty

    from codegen.sandbox.guests.monty_source import Program

    Tools = Mapping[str, Callable[..., Any]]

OFTEN_USED = ("pydantic_monty", "pathlib", "ast", "traceback", "concurrent.futures.thread")
_PRELUDE = f"""
import asyncio
async def _settle(started):
    values, failed = [], []
    for ok, value in started:
        if ok and type(value).__name__ == "coroutine":
            try:
                value = await value
            except Exception as error:
                ok, value = False, error
        (values if ok else failed).append(value)
    if failed:
        raise failed[0]
    return values
def {monty_source.GATHER}(*functions):
    for each in functions:
        if each is None or isinstance(each, (dict, list, tuple, str, int, float)):
            raise TypeError("gather takes functions: gather(lambda: tool(x=1), ...), not " + type(each).__name__)
    started = []
    for each in functions:
        try:
            started.append((True, each()))
        except Exception as error:
            started.append((False, error))
    return asyncio.run(_settle(started))
{monty_source.SKILLS} = {{}}
for _name, _text in _skills:
    _space = {{"__name__": "skills." + _name, "{monty_source.GATHER}": {monty_source.GATHER}}}
    _space["{monty_source.SKILLS}"] = {monty_source.SKILLS}
    exec(_text, _space)
    {monty_source.SKILLS}[_name] = _space
"""
_CALL_MAIN = """
_value = main(**_arguments)
if type(_value).__name__ == "coroutine":
    _value = await _value
_value
"""
_FUNCTIONS = {"function", "partial"}
_AT_ONCE = 32
_DEEPEST = 64
_MOST_SUSPENSIONS = 1 << 40
_SLEEP, _ASYNC_SLEEP = "system.sleep", "system.async_sleep"


def settle(_packages: list[str]) -> None:
    """Find the package; see `interpreter.settle`."""
    interpreter.settle([])


def run(channel: int) -> NoReturn:
    """See `inside.run`."""
    door = (channel, os.environ.get("CODEGEN_TOKEN", ""))
    frame = runner.read_frame(channel)
    code = 0 if frame is None else _run(frame["start"], door)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


def _run(start: dict[str, Any], door: tuple[int, str]) -> int:
    """The exit status."""
    os.environ["CODEGEN_CHANNEL"] = str(door[0])
    failed = monty_failure.Failed(start["file"], start["source"])
    try:
        outcome = _outcome(start, failed)
    except Exception as error:  # noqa: BLE001  # whatever the script makes the interpreter raise is its result
        sys.stdout.flush()
        if monty_failure.is_out_of_time(error, _seconds()):
            os.kill(os.getpid(), signal.SIGXCPU)
        stop = monty_failure.exit_of(error)
        if stop is not None:
            return runner.exit_code(stop)
        runner.send(door, {"failure": failed.report(error)})
        return 1
    if outcome is not None:
        runner.send(door, outcome)
    return 0


def _outcome(start: dict[str, Any], failed: monty_failure.Failed) -> dict[str, Any] | None:
    from pathlib import Path

    import pydantic_monty as monty

    root = Path(*start["path"][:1])
    program = monty_source.read_program(start["source"], root)
    failed.program = program
    tools = _tools(program, root)
    lock.lock([*map(os.fspath, view.system_mounts()), os.fspath(root / "servers")])
    with monty.Monty(max_processes=1) as pool, pool.checkout(**_checkout(start, tools)) as session:
        guest = _Guest(session, program, tools)
        guest.feed(_PRELUDE, {"_skills": [(each.name, each.shifted) for each in program.skills]})
        guest.feed(program.text)
        if not (start["call_main"] and guest.has_main()):
            return None
        value = guest.feed(_CALL_MAIN, {"_arguments": start["arguments"] or {}})
    return {"result": jsonable.jsonable(_plain(value, 0))}


def _checkout(start: dict[str, Any], tools: Tools) -> dict[str, Any]:
    from pydantic_monty import ExternalModule

    folders: dict[str, dict[str, Any]] = {}
    for name, function in tools.items():
        _, server, tool = name.split(".")
        folders.setdefault(server, {})[tool] = function
    servers = ExternalModule({name: ExternalModule(each) for name, each in folders.items()})
    return {
        "script_name": os.path.basename(start["file"]),  # noqa: PTH119
        "limits": {
            "max_feed_duration_secs": _seconds(),
            "max_memory": resource.getrlimit(resource.RLIMIT_DATA)[0] // 4 * 3,  # the rest is the interpreter's own
            "max_suspensions": _MOST_SUSPENSIONS,
        },
        "external_modules": {"servers": servers},
        "print_flush_interval": 0.05,
    }


def _seconds() -> float:
    """Of CPU time that the run may use."""
    return float(resource.getrlimit(resource.RLIMIT_CPU)[0])


def _tools(program: Program, root: Path) -> dict[str, Callable[..., Any]]:
    """The functions that the script may name, as `servers.SERVER.TOOL`; each is read when it is first called."""
    folder = root / "servers"
    servers = sorted(_listed(folder)) if program.servers is None else sorted(program.servers)
    return {
        f"servers.{server}.{file[:-3]}": _tool(root, server, file)
        for server in servers
        if server.isidentifier()
        for file in _listed(folder / server)
        if file.endswith(".py") and not file.startswith("__init__")
    }


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _tool(root: Path, server: str, file: str) -> Callable[..., Any]:
    def call(*positional: Any, **named: Any) -> Any:
        try:
            text = monty_source.read_text(root, "servers", server, file)
            tool = declared.read_declared(text, file[:-3])
        except (OSError, declared.NotGeneratedError) as error:
            raise ImportError(f"servers.{server}.{file[:-3]}: {error}") from None
        try:
            return stub.call(tool.server, tool.tool, tool.arguments(positional, named), dict(tool.names))
        except stub.ToolError as error:
            raise RuntimeError(str(error)) from None  # of the kinds that exist in there

    return call


class _Guest:
    """A script's interpreter, driven from one question of its to the next."""

    def __init__(self, session: pydantic_monty.MontySession, program: Program, tools: Tools) -> None:
        self._session = session
        self._parallel = program.parallel | program.parallel_in_skills
        self._tools = tools
        self._pending: dict[int, Future[Any]] = {}
        self._threads: ThreadPoolExecutor | None = None

    def feed(self, code: str, inputs: dict[str, Any] | None = None) -> Any:
        """Run a piece of code and give its last value."""
        import pydantic_monty as monty

        asked = self._session.feed_start(code, inputs=inputs, print_callback=_print)
        while not isinstance(asked, monty.MontyComplete):
            asked = self._answered(asked)
        return asked.output

    def has_main(self) -> bool:
        """Whether the script has bound it to something to call."""
        import pydantic_monty as monty

        asked = self._session.feed_start("type(main).__name__")
        while not isinstance(asked, monty.MontyComplete):
            if isinstance(asked, monty.NameLookupSnapshot):
                return False
            asked = asked.resume_auto()
        return asked.output in _FUNCTIONS

    def _answered(self, asked: Any) -> Any:
        import pydantic_monty as monty

        if isinstance(asked, monty.FutureSnapshot):
            return asked.resume(self._settled(asked.pending_call_ids))
        if not isinstance(asked, monty.FunctionSnapshot):
            return asked.resume_auto()
        if asked.is_os_function and asked.function_name == _SLEEP:
            time.sleep(asked.args[0])
            return asked.resume({"return_value": None})
        if asked.is_os_function and asked.function_name == _ASYNC_SLEEP:
            return self._later(asked, time.sleep)
        position = asked.position
        if (position.start, position.end) in self._parallel and asked.function_name in self._tools:
            return self._later(asked, self._tools[asked.function_name])
        return asked.resume_auto()

    def _later(self, asked: Any, function: Callable[..., Any]) -> Any:
        from concurrent.futures import ThreadPoolExecutor

        self._threads = self._threads or ThreadPoolExecutor(_AT_ONCE)
        self._pending[asked.call_id] = self._threads.submit(function, *asked.args, **asked.kwargs)
        return asked.resume({"future": ...})

    def _settled(self, wanted: list[int]) -> dict[int, Any]:
        from concurrent.futures import FIRST_COMPLETED, wait

        done, _ = wait([self._pending[number] for number in wanted], return_when=FIRST_COMPLETED)
        over = [number for number in wanted if self._pending[number] in done]
        return {number: _result(self._pending.pop(number)) for number in over}


def _result(future: Future[Any]) -> dict[str, Any]:
    error = future.exception()
    return {"exception": error} if error else {"return_value": future.result()}


def _print(stream: str, text: str) -> None:
    to = sys.stderr if stream == "stderr" else sys.stdout
    to.write(text)
    to.flush()


def _plain(value: Any, depth: int) -> Any:
    """The script's own objects as dictionaries of their attributes."""
    import pydantic_monty as monty

    if depth > _DEEPEST:
        return value
    if isinstance(value, monty.MontyClassProxy):
        return _plain(value.attributes, depth + 1)
    if type(value) is dict:
        return {key: _plain(each, depth + 1) for key, each in value.items()}
    if type(value) in {list, tuple}:
        return [_plain(each, depth + 1) for each in value]
    return value
