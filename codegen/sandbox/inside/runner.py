"""The runner: the first code in a script's process that knows of the script. Standard library only.

It reads one start frame from the channel, runs the script as `__main__`, and sends what `main` returned or how it
failed. A frame is four bytes of length, big-endian, and a UTF-8 JSON object. After the start frame only the script
reads the channel.

    {"start": {"source", "file", "argv", "path", "arguments", "call_main"}}            in
    {"token", "result": value}   or   {"token", "failure": {"type", "message", "line"}}  out

`settle` is called and OFTEN_USED imported ahead of any script, in the process that runs are forked from.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys

from codegen.sandbox import plain_json
from codegen.sandbox.inside import interpreter
from codegen.sandbox.inside.jsonable import jsonable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec
    from traceback import TracebackException
    from types import CodeType
    from typing import Any, NoReturn

settle = interpreter.settle
OFTEN_USED = (
    "json", "threading", "traceback", "dataclasses", "datetime", "pathlib", "typing",
    "socket", "subprocess", "concurrent.futures", "asyncio",
)  # fmt: skip
_OURS = os.path.dirname(os.path.dirname(__file__)) + os.sep  # noqa: PTH120  # pathlib is what no start shall pay
_NOT_FLUSHED = 120  # Python's own exit status for it


def run(channel: int) -> NoReturn:
    """Run the one script that the channel asks for, and end this process as the script's own Python would."""
    before = set(sys.modules)
    door = (channel, os.environ.get("CODEGEN_TOKEN", ""))  # now: what the script does to its environment is its own
    frame = read_frame(channel)
    code = 0
    if frame is not None:
        interpreter.renew_randomness()
        code = _run(frame["start"], door)
    _leave(code, before)


def _run(start: dict[str, Any], door: tuple[int, str]) -> int:
    """The exit status."""
    try:
        namespace = _become_main(start)
        interpreter.read_path_files()
        outcome = _outcome(start, namespace)
        _join_threads()
    except SystemExit as stop:
        return exit_code(stop)
    except BaseException as error:  # noqa: BLE001  # the script's outer edge: whatever it raises is its result
        send(door, {"failure": _failure(error, start["file"])})
        return 1
    if outcome is not None:
        send(door, outcome)
    return 0


def _leave(code: int, before: set[str]) -> NoReturn:
    """End as an interpreter ends, but for tearing down what was imported ahead, which is half of a warm run's cost.

    Threads are joined, exit functions called, what the script and its modules hold is finalised, streams are flushed.
    """
    if "threading" in sys.modules:
        sys.modules["threading"]._shutdown()
    atexit._run_exitfuncs()
    _flush_files()
    for name in [name for name in sys.modules if name not in before or name == "__main__"]:
        del sys.modules[name]
    gc.collect()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # closed by the script, or nobody reads it any more
        code = code or _NOT_FLUSHED
    os._exit(code & 0xFF)


def _flush_files() -> None:
    """What the script left open: the collector would close the inner layer of a file before the outer one is empty."""
    opened = gc.get_objects()
    for kind in (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom):
        for each in opened:
            if issubclass(type(each), kind) and not each.closed:
                try:
                    each.flush()
                except (OSError, ValueError):
                    continue  # a disk that is full, a pipe that nobody reads: as at any interpreter's end


def read_frame(channel: int) -> dict[str, Any] | None:
    """The next frame, None where the channel was closed before it."""
    header = _read_exactly(channel, 4)
    body = _read_exactly(channel, int.from_bytes(header, "big")) if header else b""
    return plain_json.loads(body) if body else None


def _read_exactly(channel: int, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = os.read(channel, size)
        if not part:
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def send(door: tuple[int, str], frame: dict[str, Any]) -> None:
    """Send a frame whole through a channel, with its token; one that nobody listens for any more is dropped."""
    channel, token = door
    body = plain_json.dumps({"token": token, **frame}).encode()
    rest = memoryview(len(body).to_bytes(4, "big") + body)
    try:
        while rest:
            rest = rest[os.write(channel, rest) :]
    except OSError:
        return  # nobody listens any more, or the script closed the channel: its exit status still tells


def _become_main(start: dict[str, Any]) -> dict[str, Any]:
    """Put an empty `__main__` in place of ours, which pickle, inspect and dataclasses will find."""
    module = type(sys)("__main__")
    module.__file__ = start["file"]
    module.__dict__.update(__builtins__=__builtins__, __loader__=_Source(start["source"]))
    sys.modules["__main__"] = module
    sys.argv = [start["file"], *start["argv"]]
    sys.path[0:0] = start["path"]
    for folder in start["path"]:
        _make_importable(folder)
    return module.__dict__


def _make_importable(folder: str) -> None:
    """The import system takes a folder that it can't list for empty, also where what was granted in it can be read."""
    try:
        os.close(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
    except PermissionError:
        sys.path_importer_cache[folder] = _Unlisted(folder)
    except OSError:
        return  # it isn't there


class _Unlisted:
    """Finds modules in one folder by trying their names."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find_spec(self, name: str, _target: object = None) -> ModuleSpec | None:
        from importlib.machinery import ModuleSpec
        from importlib.util import spec_from_file_location

        place = f"{self._folder}/{name.rpartition('.')[2]}"
        for file in (f"{place}/__init__.py", f"{place}.py"):
            if os.path.isfile(file):  # noqa: PTH113  # pathlib would cost 3 ms
                return spec_from_file_location(name, file)
        if not os.path.isdir(place):  # noqa: PTH112
            return None
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [place]
        return spec

    def invalidate_caches(self) -> None:
        """Nothing is remembered."""


class _Source:
    """Gives linecache the source, which may be in no file."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_source(self, _name: str) -> str:
        return self.text


def _outcome(start: dict[str, Any], namespace: dict[str, Any]) -> dict[str, Any] | None:
    """Run the script, and its `main` if asked to: the result frame, or None where nothing was called."""
    _prime_linecache(start["file"], start["source"], only_if_loaded=True)
    code: CodeType = compile(start["source"], start["file"], "exec", dont_inherit=True)
    exec(code, namespace)  # noqa: S102  # what this project is for
    main = namespace.get("main")
    if not (start["call_main"] and callable(main)):
        return None
    value = main(**(start["arguments"] or {}))
    if hasattr(type(value), "__await__"):
        import asyncio  # 30 ms that only an asynchronous script pays

        value = asyncio.run(value)
    return {"result": jsonable(value)}


def _prime_linecache(file: str, source: str, *, only_if_loaded: bool = False) -> None:
    if only_if_loaded and "linecache" not in sys.modules:
        return
    import linecache  # 3 ms that only a failing script pays

    # Every line ended by a newline, the last one too: without it the marks under the code move by one.
    linecache.cache[file] = (len(source), None, [f"{line}\n" for line in source.split("\n")], file)


def _join_threads() -> None:
    """Let the script's threads end as they would at the end of any Python program, before the result is sent."""
    threading = sys.modules.get("threading")
    if threading is None:
        return
    current = threading.current_thread()
    while waiting := [one for one in threading.enumerate() if one is not current and not one.daemon]:
        for thread in waiting:
            thread.join()


def exit_code(stop: SystemExit) -> int:
    """The exit status that Python gives it; a text goes to stderr."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code
    sys.stderr.write(f"{stop.code}\n")
    return 1


def _failure(error: BaseException, file: str) -> dict[str, Any]:
    """Print the traceback, as the script's author would expect it, and describe the failure in short."""
    main = sys.modules["__main__"]
    _prime_linecache(file, main.__loader__.text if isinstance(main.__loader__, _Source) else "")
    import traceback  # 3 ms that only a failing script pays

    report = traceback.TracebackException.from_exception(error, compact=True)
    line = _failed_line(error, report, file)
    for one in _chain(report):
        one.stack = traceback.StackSummary.from_list(_own_frames(one.stack, file))
    sys.stdout.flush()
    sys.stderr.write("".join(report.format()))
    return {"type": type(error).__qualname__, "message": _text_of(error), "line": line}


def _chain(report: TracebackException | None) -> Iterator[TracebackException]:
    """An exception's report, its causes' and its members'."""
    while report is not None:
        yield report
        for member in getattr(report, "exceptions", None) or ():
            yield from _chain(member)
        if report.__cause__ is not None and report.__context__ is not report.__cause__:
            yield from _chain(report.__context__)
        report = report.__cause__ or report.__context__


def _own_frames(stack: Any, file: str) -> list[Any]:
    """The frames of the script and of the workspace's other files, and the last one, wherever it is: between them only
    libraries speak. The runner, the import system, the generated tree and what `gather` runs on are no frames at all.
    """
    root = os.path.join(os.environ.get("CODEGEN_WORKSPACE") or os.path.dirname(file), "")  # noqa: PTH118, PTH120
    pool = f"{os.sep}concurrent{os.sep}futures{os.sep}"
    kept = [
        one
        for one in stack
        if not one.filename.startswith((_OURS, "<frozen ", f"{root}servers/"))
        and pool not in one.filename
        and not (one.filename == "<string>" and one.lineno == 1 and one.name == "<module>")
    ]
    ours = (root, "<")
    return [one for one in kept if one is kept[-1] or one.filename == file or one.filename.startswith(ours)]


def _failed_line(error: BaseException, report: TracebackException, file: str) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno
    return next((one.lineno for one in reversed(report.stack) if one.filename == file), None)


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # the script's own __str__
        return ""
