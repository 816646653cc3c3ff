"""The check before anything can happen: syntax, names, imports and arguments, by the type checker `ty` (25 ms)."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import shutil
import sys
import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex

from codegen.runtime.certain import is_certain
from codegen.runtime.explain import Tree, hint

BLOCKING = {
    "invalid-syntax",
    "unresolved-reference",
    "import-not-found",
    "unresolved-import",
    "missing-module-member",
    "missing-argument",
    "unknown-argument",
    "too-many-positional-arguments",
}
"""Rules of ty whose findings would fail the run anyway, where they are certain. Imports have three names: ty renamed
their rule twice in 2026."""

_ABSENT = re.compile(r"odule `servers[\w.]*` has no member")
"""Blocks under whatever name of a rule."""

_UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
TIME_LIMIT = 20.0
"""Seconds; a check that takes longer is left out, and said."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, as `file:line:column: message`, with the right signature where a tool is called wrongly."""

    file: str
    line: int
    column: int
    message: str
    blocking: bool
    hint: str = ""

    def __str__(self) -> str:
        mark = "" if self.blocking else "warning: "
        text = f"{self.file}:{self.line}:{self.column}: {mark}{self.message}"
        return f"{text}\n    {self.hint}" if self.hint else text


@dataclass(frozen=True, slots=True)
class Script:
    """A script to run: its text, the path shown in messages, and whether the runner shall call `main`."""

    source: str
    file: str


class Checker:
    """Checks scripts against one tree, and remembers what it found for as long as neither changes."""

    REMEMBERED = 256

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[tuple[Script, tuple[int, ...]], tuple[Finding, ...]] = {}

    async def check(self, script: Script) -> tuple[Finding, ...]:
        """Everything found in a script; empty when it is clean. Reads and never runs it."""
        key = (script, _stamps(self._tree, Path(self._tree.root, script.file).parent))
        found = self._known.get(key)
        if found is None:
            found = await check(script, self._tree)
            if len(self._known) >= self.REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[key] = found
        return found


def _stamps(tree: Tree, beside: Path) -> tuple[int, ...]:
    """Times of what a script can import: the generated tree by its folders, because its files are replaced and never
    written in place; modules that people write also by their files.
    """
    root, installed = tree.root, (Path(sysconfig.get_path("purelib")), *tree.packages)
    folders = [root / "servers", root / "skills", beside, *installed, *sorted((root / "servers").glob("*/"))]
    files = [file for folder in dict.fromkeys((root, root / "skills", beside)) for file in sorted(folder.glob("*.py"))]
    return tuple(_time(path) for path in (*folders, *files))


def _time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


async def check(script: Script, tree: Tree) -> tuple[Finding, ...]:
    """What `Checker.check` says, found anew."""
    try:
        module = ast.parse(script.source, script.file)
    except _UNPARSABLE as error:
        return (_syntax(error, script.file),)
    try:
        found = await _types(script, tree)
    except (OSError, TimeoutError, ValueError) as error:
        return (Finding(script.file, 1, 1, f"not type-checked: {type(error).__name__} {error}", blocking=False),)
    return _said_once([_finding(item, script, module, tree) for item in found])


def _said_once(findings: list[Finding]) -> tuple[Finding, ...]:
    """One wrong call is often two findings: its signature is paid for once."""
    hints = [finding.hint for finding in findings]
    return tuple(
        replace(finding, hint="") if finding.hint in hints[:at] else finding for at, finding in enumerate(findings)
    )


def _syntax(error: Exception, file: str) -> Finding:
    if isinstance(error, SyntaxError):
        return Finding(file, error.lineno or 1, error.offset or 1, f"syntax: {error.msg}", blocking=True)
    return Finding(file, 1, 1, f"syntax: {error or type(error).__name__}", blocking=True)


@dataclass(frozen=True, slots=True)
class _Raw:
    rule: str
    message: str
    line: int
    column: int


async def _types(script: Script, tree: Tree) -> tuple[_Raw, ...]:
    """What ty finds, in order of line. The script is checked as a copy: what is checked is what runs."""
    root = tree.root
    folder = root / ".codegen" / "check"
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"script_{token_hex(8)}.py"  # its own: the same source may be checked twice at once
    copy.write_text(script.source, encoding="utf-8", errors="replace")
    beside = Path(root, script.file).parent
    command = [_ty(), "check", str(copy), "--output-format", "gitlab", "--exit-zero", "--python", sys.prefix]
    command += ["--project", str(root)]
    for path in (beside, *tree.packages):
        command += ["--extra-search-path", str(path)] if path.is_dir() else []
    process = await asyncio.create_subprocess_exec(
        *command, cwd=root, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), TIME_LIMIT)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        copy.unlink(missing_ok=True)
    if process.returncode:
        raise ValueError(errors.decode(errors="replace").strip()[-300:])
    return tuple(sorted((_raw(item) for item in json.loads(output)), key=lambda raw: (raw.line, raw.column)))


def type_checker() -> str | None:
    """Where `ty` is: beside this Python, or on the PATH."""
    beside = Path(sysconfig.get_path("scripts"), "ty")
    return str(beside) if beside.exists() else shutil.which("ty")


def _ty() -> str:
    found = type_checker()
    if not found:
        raise FileNotFoundError("ty is not installed (pip install ty)")
    return found


def _raw(item: dict[str, dict[str, dict[str, dict[str, int]]]]) -> _Raw:
    rule, text = str(item["check_name"]), str(item["description"])
    begin = item["location"]["positions"]["begin"]
    return _Raw(rule, text.removeprefix(f"{rule}: "), int(begin["line"]), int(begin["column"]))


def _finding(raw: _Raw, script: Script, module: ast.Module, tree: Tree) -> Finding:
    blocking = raw.rule in BLOCKING or _ABSENT.search(raw.message) is not None
    if _is_guarded_import(module, raw.line):
        blocking = False
    if raw.rule in BLOCKING and not is_certain(raw.rule, raw.message, raw.line, module):
        blocking = False
    message = raw.message.replace("`", "'")
    return Finding(
        script.file, raw.line, raw.column, message, blocking, hint(raw.message, raw.line, raw.column, module, tree)
    )


def _is_guarded_import(module: ast.Module, line: int) -> bool:
    """An import in the body of a `try` is a script's way to do without it."""
    tries = (node for node in ast.walk(module) if isinstance(node, ast.Try) and node.handlers)
    guarded = (node for each in tries for statement in each.body for node in ast.walk(statement))
    imports = (node for node in guarded if isinstance(node, ast.Import | ast.ImportFrom))
    return any(node.lineno <= line <= (node.end_lineno or node.lineno) for node in imports)
