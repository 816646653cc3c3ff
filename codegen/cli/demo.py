"""`codegen demo`: the whole path on the bundled shop server, with its own commands and what they print."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from codegen.cli import output
from codegen.cli.options import parser
from codegen.config.paths import Workspace
from codegen.errors import CodegenError

SCRIPT = "scripts/overdue_report.py"
QUERIES = ("orders of a customer", "is it in stock", "ask the courier")
DESCRIBED = "shop.get_stock"
NEXT = '''"""The saved skill in the next script: only what is asked of it comes back."""
from skills.overdue_report import overdue_report


def main() -> str:
    report = overdue_report()
    return f"{report['late']} of {report['orders_checked']} orders are late; order more {report['order_more']}"
'''


def main(words: list[str]) -> int:
    options = parser(
        "demo", "A tour on a bundled server: no key, no network.", "codegen demo", "codegen demo shop-tour"
    )
    options.add_argument("folder", nargs="?", metavar="DIR", help="keep the workspace here (default: gone at the end)")
    arguments = options.parse_args(words)
    if arguments.folder and Path(arguments.folder).exists():
        raise CodegenError(f"{arguments.folder} is there already", hint="name a folder that isn't")
    with _folder(arguments) as folder, chdir(folder):
        os.environ.pop("CODEGEN_WORKSPACE", None)
        try:
            return _tour(Workspace(folder))
        finally:
            _codegen("broker stop")


def _tour(place: Workspace) -> int:
    _say("A workspace, and a server in its mcp.json.")
    _codegen("init .")
    _codegen(f"add shop -- {shlex.quote(sys.executable)} -m codegen.demo")
    _say("Its tools become typed Python modules.")
    _codegen("sync")
    _say("An agent finds what it needs with one search …")
    _codegen(f"search -k 2 {shlex.join(QUERIES)}")
    _say("… and reads types only where the line isn't enough.")
    _codegen(f"describe {DESCRIBED}")
    source = (files("codegen.demo") / "overdue_report.py.txt").read_text(encoding="utf-8")
    (place.root / SCRIPT).write_text(source, encoding="utf-8")
    _say(f"It writes one script ({SCRIPT}, {len(source.splitlines())} lines) and runs it in the sandbox.")
    _codegen(f"run {SCRIPT}")
    _codegen("runs -n 1")
    _say("What that kept out of the model's context:")
    _codegen("stats")
    _say("The script proved useful: it becomes a skill, is found by search, and the next script imports it.")
    _codegen(f"skills save {SCRIPT} --name overdue_report")
    _codegen('search -k 1 "overdue orders report"')
    (place.root / "scripts" / "next.py").write_text(NEXT, encoding="utf-8")
    output.line(NEXT.rstrip())
    _codegen("run scripts/next.py")
    return 0


def _say(text: str) -> None:
    output.line(f"\n# {text}")


def _codegen(command: str) -> None:
    """Run a command of ours in this process, shown as it would be typed. Raises CodegenError when it fails."""
    output.line(f"$ codegen {command.replace(shlex.quote(sys.executable), 'python')}")
    verb, *words = shlex.split(command)
    if code := import_module(f"codegen.cli.{verb}").main(words):
        raise CodegenError(f"codegen {command} ended with exit code {code}", hint="please report this")


@contextmanager
def _folder(arguments: Namespace) -> Iterator[Path]:
    if arguments.folder:
        Path(arguments.folder).mkdir(parents=True)
        yield Path(arguments.folder).resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="codegen-demo-") as folder:
            yield Path(folder).resolve()
