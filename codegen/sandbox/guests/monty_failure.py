"""How a script failed in monty: the traceback that its author expects, and what to do where the subset is at fault."""

from __future__ import annotations

import builtins
import resource
import sys

from codegen.sandbox.guests.monty_source import SubsetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from traceback import FrameSummary
    from typing import Any

    from codegen.sandbox.guests.monty_source import Program

_PRELUDE, _SCRIPT, _EXECUTED = "<python-input-0>", "<python-input-1>", "<string>"
_HINT = "this sandbox (monty) runs a subset of Python: {what}; `codegen doctor --all` lists other sandboxes\n"
_NO_FILES = "there are no files and no environment, nor data/"
_FAULTS: tuple[tuple[str, str | tuple[str, ...], type[BaseException], str], ...] = (
    ("The monty syntax parser does not yet support ", "", NotImplementedError, "no support for {rest}"),
    ("", "", ModuleNotFoundError, "{message}, where there are few modules and no installed packages"),
    ("", "", PermissionError, _NO_FILES),
    ("", "is not supported in this environment", RuntimeError, _NO_FILES),
    ("Internal error in monty: ", "", RuntimeError, "{rest}"),
    ("", ("'server'", "'tool'", "'message'"), AttributeError, "ToolError is RuntimeError, and str(error) says it all"),
    ("module ", "", AttributeError, "{message}"),
)
"""How a message starts and ends, its type, and what that says of the subset."""


class Failed:
    """One script's failures; `program` is known once it was read."""

    def __init__(self, file: str, source: str) -> None:
        self._file = file
        self._lines = source.split("\n")
        self.program: Program | None = None

    def report(self, error: Exception) -> dict[str, Any]:
        """Print it, and describe it in short: {"type", "message", "line"}."""
        import traceback

        if isinstance(error, SyntaxError):
            return self._refused(error)
        inner = _inner(error)
        name, message = type(inner).__name__, str(inner)
        frames = list(self._frames(error))
        if frames:
            sys.stderr.write("Traceback (most recent call last):\n")
            sys.stderr.write("".join(traceback.StackSummary.from_list(frames).format()))
        sys.stderr.write(f"{name}: {message}\n" if message else f"{name}\n")
        what = _fault(inner, message)
        if what:
            sys.stderr.write(_HINT.format(what=what))
        line = next((each.lineno for each in reversed(frames) if each.filename == self._file), None)
        return {"type": name, "message": message, "line": line}

    def _refused(self, error: SyntaxError) -> dict[str, Any]:
        import traceback

        error.filename = self._file
        sys.stderr.write("".join(traceback.format_exception_only(error)))
        return {"type": type(error).__name__, "message": str(error), "line": error.lineno}

    def _frames(self, error: Exception) -> Iterator[FrameSummary]:
        if isinstance(error, SubsetError):
            if error.line:
                yield self._frame(self._file, error.line, "<module>")
            return
        for frame in error.traceback() if hasattr(error, "traceback") else ():
            name = frame.function_name or "<module>"
            if frame.filename == _SCRIPT:
                yield self._frame(self._file, frame.line, name)
            elif frame.filename == _EXECUTED:
                yield self._executed(frame.line, name)

    def _frame(self, file: str, line: int, name: str) -> FrameSummary:
        text = self._lines[line - 1] if 0 < line <= len(self._lines) else ""
        return _summary(file, line, name, text)

    def _executed(self, line: int, name: str) -> FrameSummary:
        for skill in reversed(self.program.skills if self.program else ()):
            if line > skill.offset:
                lines = skill.text.split("\n")
                number = line - skill.offset
                return _summary(
                    f"skills/{skill.name}.py", number, name, lines[number - 1] if number <= len(lines) else ""
                )
        return _summary(_EXECUTED, line, name, "")


def exit_of(error: Exception) -> SystemExit | None:
    """What the script raised to end itself: with a text, or with nothing."""
    inner = _inner(error)
    if not isinstance(inner, SystemExit):
        return None
    return SystemExit(str(inner) or None)


def is_out_of_time(error: Exception, seconds: float) -> bool:
    """Whether it ended because it had used the CPU time it may use."""
    inner = _inner(error)
    if isinstance(inner, TimeoutError):
        return str(inner).startswith("feed time limit exceeded")
    if type(error).__name__ != "MontyCrashedError":
        return False
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return "(SIGXCPU)" in str(error) or used.ru_utime + used.ru_stime >= seconds  # counted only once it was reaped


def _summary(file: str, line: int, name: str, text: str) -> FrameSummary:
    import traceback

    return traceback.FrameSummary(file, line, name, lookup_line=False, line=text.strip())


def _inner(error: Exception) -> BaseException:
    exception = getattr(error, "exception", None)
    return exception() if callable(exception) else error


def _fault(error: BaseException, message: str) -> str:
    """What of Python, or of a computer, isn't in there; empty where the script itself is wrong."""
    if isinstance(error, SubsetError):
        return message
    for start, end, kind, what in _FAULTS:
        if isinstance(error, kind) and message.startswith(start) and message.endswith(end):
            return what.format(message=message, rest=message.removeprefix(start))
    name = message.split("'")[1] if message.count("'") >= 2 else ""
    return f"no {name}()" if isinstance(error, NameError) and hasattr(builtins, name) else ""
