"""Python source of unknown origin, parsed without ever running it and without ever crashing on it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings

from codegen.errors import SkillError

MOST_BYTES = 100_000
DEEPEST = 100
"""Levels of nesting. libcst's native parser overflows the C stack of the process somewhere beyond 1,000."""

_UTF8 = frozenset({"utf-8", "utf-8-sig"})


def parse(source: str, *, whole: bool = False) -> ast.Module:
    """The syntax tree of `source`; with `whole`, what only the compiler finds (`return` outside a function) is an error
    too.

    Raises SkillError: not UTF-8 text, too large, too deeply nested, or not Python.
    """
    _refuse_unreadable(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            _refuse_deep(tree)
            if whole:
                compile(source, "<skill>", "exec", dont_inherit=True)
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        raise SkillError(f"{where}not valid Python: {error.msg}") from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise SkillError("nested too deeply to be read", hint="split the expression into named steps") from error
    return tree


def docstring(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The docstring of a module or function without its indentation, or nothing."""
    return (ast.get_docstring(node) or "").strip()


def summary(text: str) -> str:
    """The first sentence of a docstring as one clean line of at most 160 characters."""
    paragraph = " ".join(text.strip().split("\n\n")[0].split())
    sentence = re.split(r"(?<=[.!?])\s", paragraph, maxsplit=1)[0]
    # Bidi, zero-width and control characters would change what a reader sees in a listing.
    clean = "".join(character for character in sentence if character.isprintable())
    return clean if len(clean) <= 160 else clean[:159].rstrip() + "…"


def _refuse_unreadable(source: str) -> None:
    try:
        data = source.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SkillError("the source holds characters that are not valid Unicode text") from error
    if len(data) > MOST_BYTES:
        raise SkillError(
            f"the source has {len(data):,} bytes, a skill has at most {MOST_BYTES:,}",
            hint="put the data into a file under data/ and read it there",
        )
    if b"\0" in data:
        raise SkillError("the source holds NUL bytes")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise SkillError("the source names an unknown encoding", hint="remove its coding comment") from error
    if encoding not in _UTF8:
        raise SkillError(f"the source says it is {encoding}, skills are UTF-8", hint="remove its coding comment")


def _refuse_deep(tree: ast.Module) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    line = min(getattr(node, "lineno", 1) for node in level)
    raise SkillError(
        f"line {line}: nested more than {DEEPEST} levels deep", hint="split the expression into named steps"
    )
