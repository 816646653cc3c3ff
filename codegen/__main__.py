"""`codegen VERB …`: finds the verb's module and imports nothing else."""

from __future__ import annotations

import os
import sys

from codegen.cli import output
from codegen.errors import CodegenError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

VERBS = {
    "init": "make a workspace",
    "add": "add a server to mcp.json",
    "remove": "take a server out of mcp.json",
    "import": "add the servers of another client's configuration",
    "sync": "write servers/ from what the servers offer",
    "search": "find tools and skills",
    "describe": "show a tool's or skill's types and text",
    "run": "run a script in the sandbox",
    "ask": "have Claude Code do a task here",
    "pending": "list the calls that wait for an approval",
    "approve": "approve calls that wait, and let their run go on",
    "reject": "reject calls that wait, and let their run go on",
    "resume": "go on with a run that stopped, doing nothing twice",
    "rollback": "take back what a run wrote",
    "runs": "list runs, or show one",
    "stats": "what runs kept out of a model's context",
    "learn": "list, rebuild or forget the result types that runs have shown",
    "policy": "show which calls are made, refused or asked about, or check one",
    "plan": "which tools a script can call, before it runs",
    "skills": "save, list, show, run and remove skills",
    "broker": "status of the process that holds the servers, or stop it",
    "serve": "offer search, describe, run and save_skill to any MCP client",
    "doctor": "what a run would get here, whether the servers answer, and what is in the way",
    "demo": "a tour on a bundled server: no key, no network",
}
_MODULES = {"import": "import_"}


def main(arguments: list[str] | None = None) -> int:
    """Run a command line and give its exit code (DESIGN section 5): 2 is usage or configuration, 130 is Ctrl-C."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        return _dispatch(words)
    except CodegenError as error:
        output.error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        output.error("interrupted")
        return 130
    except BrokenPipeError:
        output.abandon()
        return 0


def _dispatch(words: list[str]) -> int:
    verb, rest = (words[0], words[1:]) if words else ("--help", [])
    if verb in {"-h", "--help", "help"}:
        output.verbs(VERBS)
        return 0 if words else 2
    if verb in {"-V", "--version", "version"}:
        from importlib.metadata import version

        output.line(f"codegen {version('codegen-tools')}")
        return 0
    if verb not in VERBS:
        from codegen.errors import nearest

        output.error(f"codegen has no verb {verb!r}\n  {nearest(verb, VERBS) or 'codegen --help lists them'}")
        return 2
    if "SANDBOX_RUNTIME" in os.environ:
        from codegen.cli.confined import hand_over, is_confined

        if is_confined() and "--help" not in rest:
            return hand_over(words)
    module = f"codegen.cli.{_MODULES.get(verb, verb)}"
    __import__(module)  # `importlib` would cost as much as the verb's own module
    code: int = sys.modules[module].main(rest)
    return code


def run() -> NoReturn:
    """The console script. Leaves without tearing the interpreter down, which takes as long as a search."""
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        pass
    os._exit(code)


if __name__ == "__main__":
    run()
