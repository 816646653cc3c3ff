"""What a verb imports is most of what it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"mcp", "pydantic", "libcst", "rich", "watchdog", "httpx2", "anyio"}
LATE = {"asyncio", "dataclasses", "typing", "socket", "subprocess", "inspect", "pathlib", "argparse"}
FEW = {"__future__", "_json", "_socket"}
"""All that `codegen run` may want beyond our own modules and what any interpreter has loaded."""


def loaded(shelf, *words: str) -> set[str]:
    """The modules in memory when a verb has ended."""
    script = (
        "import sys\nfrom codegen.__main__ import main\ncode = main(sys.argv[1:])\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=shelf.root, env=shelf.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stderr.split())


def bare() -> set[str]:
    """The modules that an interpreter has loaded before the first line of a program."""
    script = "import sys; print(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


@pytest.mark.parametrize("detail", ["path", "brief", "sig"])
def test_search_imports_nothing_heavy(shelf, detail):
    modules = loaded(shelf, "search", "echo a number", "nothing like it", "--detail", detail)
    assert not modules & (HEAVY | LATE)


@pytest.mark.parametrize("words", [("--detail", "full"), ("--json",), ("-s", "counting"), ("-k", "2")])
def test_search_in_any_form_imports_neither_asyncio_nor_mcp(shelf, words):
    assert not loaded(shelf, "search", "echo", *words) & (HEAVY | {"asyncio"})


@pytest.mark.parametrize(
    "words",
    [("counting.tool_1",), ("counting",), ("counting.tool_1", "--detail", "full"), ("counting.tool_1", "--json")],
)
def test_describe_imports_neither_asyncio_nor_mcp(shelf, words):
    assert not loaded(shelf, "describe", *words) & (HEAVY | {"asyncio"})


def test_run_imports_nothing_heavy_also_when_it_starts_the_broker(shelf):
    shelf("broker", "stop")
    assert not loaded(shelf, "run", "-c", "print(1)") & (HEAVY | {"asyncio"})
    modules = loaded(shelf, "run", "-c", "print(1)")
    assert not modules & (HEAVY | LATE | {"json", "re", "enum", "functools", "collections", "contextlib"})
    ours = {name for name in modules if name.partition(".")[0] == "codegen"}
    assert len(ours) <= 14
    assert modules - ours - bare() <= FEW


@pytest.mark.parametrize(
    "words",
    [
        ("runs",),
        ("runs", "show"),
        ("stats",),
        ("broker", "status"),
        ("policy",),
        ("plan", "-c", ""),
        ("--help",),
        ("--version",),
    ],
)
def test_verbs_that_only_look_import_nothing_heavy(shelf, words):
    if words == ("runs", "show"):
        shelf("run", "-c", "print(1)")
    assert not loaded(shelf, *words) & (HEAVY | {"asyncio"})


def test_importing_codegen_imports_nothing_else():
    script = "import sys; before = set(sys.modules); import codegen; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"__future__", "codegen"}
