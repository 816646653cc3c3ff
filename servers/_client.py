"""Calls tools from a script that `codegen run` executes. Generated modules import it as `servers._client`."""

import json
import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any as Any
    from typing import Literal as Literal
    from typing import NotRequired as NotRequired
    from typing import TypeVar

    from typing_extensions import TypedDict as TypedDict

    T = TypeVar("T")
    UNSET: Any
else:  # nothing here is looked at while a script runs, and `import typing` would cost each script 4 ms

    class _Form:
        def __getitem__(self, _):
            return self

        def __or__(self, _):
            return self

        __ror__ = __or__

    class _Unset:
        def __repr__(self):
            return "UNSET"

        def __bool__(self):
            return False

    class TypedDict(dict):
        def __new__(cls, *arguments, **fields):
            if cls is TypedDict:
                return type(arguments[0], (TypedDict,), {})
            return dict.__new__(cls)

        def __init_subclass__(cls, **_):
            pass

    Any = Literal = NotRequired = _Form()
    UNSET = _Unset()


class ToolError(Exception):
    """A tool answered with an error, its server died, or the call didn't fit it."""

    def __init__(self, server: str, tool: str, message: str) -> None:
        super().__init__(server, tool, message)
        self.server, self.tool, self.message = server, tool, message

    def __str__(self) -> str:
        return f"{self.server}.{self.tool}: {self.message}"


class ToolRejected(ToolError):  # noqa: N818  # as the field says it
    """A rule or a person said no to the call: nothing was sent."""


def call(server: str, tool: str, arguments: "dict[str, Any]", names: "dict[str, str | None] | None" = None) -> "T":  # type: ignore[type-var]  # whatever the generated function says it returns
    """Call a tool: what is UNSET is not sent; `names` maps a parameter to its wire name, None to "spread this one"."""
    wire: dict[str, Any] = {}
    for key, value in arguments.items():
        name = names.get(key, key) if names else key
        if name is None:
            wire = {**value, **wire}
        elif value is not UNSET:
            wire[name] = value
    result: T = exchange({"server": server, "tool": tool, "arguments": wire})
    return result


def exchange(message: "dict[str, Any]") -> "Any":
    """Send one call, {"server", "tool", "arguments"} in the wire's names, and give its result. The one way out.

    Raises ToolError or ToolRejected; TypeError or ValueError, naming the first of the arguments that JSON can't carry.
    """
    try:
        reply = ask("call", message)
    except (TypeError, ValueError, RecursionError) as error:
        wrong = next((key for key, value in message["arguments"].items() if not _is_json(value)), "an argument")
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{message['server']}.{message['tool']}: {wrong}: {error}") from None
    if "value" in reply:
        return reply["value"]
    if "rejected" in reply:
        raise ToolRejected(message["server"], message["tool"], reply["rejected"])
    raise ToolError(message["server"], message["tool"], reply["error"])


def step(name: str, make: "Callable[[], T]") -> "T":
    """What `make` gives, as JSON carries it: made once, and the same when the run is resumed (times, random values)."""
    recorded = ask("step", {"name": name})
    if "value" not in recorded:
        recorded = ask("step", {"name": name, "value": make()})
    value: T = recorded["value"]
    return value


def _is_json(value: "object") -> bool:
    try:
        return bool(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return False


def gather(*calls: "Callable[[], T]") -> "list[T]":
    """Run functions without arguments side by side (at most 32 at once); their results in order.

    The first that failed, in order, raises here once all have ended.
    """
    from concurrent.futures import ThreadPoolExecutor

    for each in calls:
        if not callable(each):
            raise TypeError(f"gather takes functions: gather(lambda: tool(x=1), ...), not {type(each).__name__}")
    if not calls:
        return []
    with ThreadPoolExecutor(min(32, len(calls))) as pool:
        return [future.result() for future in [pool.submit(each) for each in calls]]


class _Channel:
    """The inherited socket. Any thread may ask; whoever waits first reads for all."""

    def __init__(self, fd: int) -> None:
        self.fd, self.process, self.last = fd, os.getpid(), 0
        self.token = os.environ.get("CODEGEN_TOKEN", "")
        self.sending, self.arrived = threading.Lock(), threading.Condition()
        self.answers: dict[int, Any] = {}
        self.reading, self.unread = False, bytearray()
        self.encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

    def ask(self, kind: str, body: "Any", at: str) -> "Any":
        data = self.encode(body)
        head = f'"token": "{self.token}", "at": {json.dumps(at)}'
        with self.sending:
            self.last += 1
            number = self.last
            frame = f'{{{head}, "id": {number}, "{kind}": {data}}}'.encode(errors="surrogatepass")
            self._write(len(frame).to_bytes(4, "big") + frame)
        with self.arrived:
            while number not in self.answers:
                if self.reading:
                    self.arrived.wait()
                else:
                    self._read_one()
            return self.answers.pop(number)

    def _read_one(self) -> None:
        self.reading = True
        self.arrived.release()
        try:
            size = int.from_bytes(self._read(4), "big")
            reply = json.loads(self._read(size))
        finally:
            self.arrived.acquire()
            self.reading = False
            self.arrived.notify_all()
        self.answers[reply["id"]] = reply

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self.fd, view) :]

    def _read(self, size: int) -> bytes:
        while len(self.unread) < size:
            part = os.read(self.fd, max(size - len(self.unread), 1 << 16))
            if not part:
                raise ConnectionError("the broker closed this run's channel")
            self.unread += part
        data = bytes(self.unread[:size])
        del self.unread[:size]
        return data


_open: "list[_Channel]" = []
_opening = threading.Lock()


def ask(kind: str, body: "Any") -> "Any":
    """Ask the broker something of a kind it knows, and give its whole reply."""
    with _opening:
        if not _open:
            if "CODEGEN_CHANNEL" not in os.environ:
                raise RuntimeError(f"tools are only reached from `codegen run`: codegen run {sys.argv[0] or 'SCRIPT'}")
            _open.append(_Channel(int(os.environ["CODEGEN_CHANNEL"])))
    if _open[0].process != os.getpid():
        raise RuntimeError("tools are called from the script's own process; use gather or threads, not multiprocessing")
    return _open[0].ask(kind, body, _place())


def _place() -> str:
    """Where in the script's own files this is asked for, as "file:line"."""
    frame = sys._getframe(2)
    while frame.f_code.co_filename.startswith(_TREE) and frame.f_back:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


_TREE = __file__[: -len("_client.py")]


class _Package(type(sys)):  # type: ignore[misc]  # types.ModuleType, without the import
    """A server's package: a tool is imported when it is first named, and its name is the function, never the module."""

    def __getattr__(self, name: str) -> "Any":
        if name == "__all__":
            return self.__dir__()
        full = f"{self.__name__}.{name}"
        if not name.startswith("__") or not name.strip("_"):  # a tool may be called `__`
            try:
                __import__(full)
            except ModuleNotFoundError as error:
                if error.name != full:
                    raise
        if name not in self.__dict__:
            raise AttributeError(f"module {self.__name__!r} has no tool {name!r}", name=name, obj=self)
        return self.__dict__[name]

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, type(sys)):  # what `import servers.github.create_issue` binds when it is done
            value = getattr(value, name, value)
        super().__setattr__(name, value)

    def __dir__(self) -> "list[str]":
        names = {each[:-3] for path in self.__path__ for each in os.listdir(path) if each.endswith(".py")}
        return sorted(names - {"__init__"})


def lazy(package: str) -> None:
    """Make the package import each of its tools when it is first named."""
    sys.modules[package].__class__ = _Package
