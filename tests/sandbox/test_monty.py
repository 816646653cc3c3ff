from __future__ import annotations

import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from codegen.sandbox.backend import Limits, Mounts, View
from codegen.sandbox.choose import choose
from codegen.sandbox.guests import monty_failure
from codegen.sandbox.guests.monty import Monty

GOLDEN = Path(__file__).parents[1] / "golden"
HINT = "`codegen doctor --all` lists other sandboxes"


@pytest.fixture(scope="session")
def backend():
    pytest.importorskip("pydantic_monty", reason="pydantic-monty is not installed")
    return Monty()


@pytest.fixture(scope="session")
def monty_wall(backend):
    wall = backend.prepare(View(Path(sys.executable), Mounts(())))
    yield wall
    wall.close()


@pytest.fixture
def guest(make, backend, monty_wall):
    """A workspace with generated tools of some servers."""
    sandbox = make(backend)
    sandbox.shared = monty_wall
    for server in ("names_and_collisions", "root_additional_properties", "keywords_and_builtins", "output_declared"):
        shutil.copytree(GOLDEN / server, sandbox.workspace / "servers" / server)
    (sandbox.workspace / "skills").mkdir()
    return sandbox


def echo(call: dict[str, Any]) -> dict[str, Any]:
    return {"value": call}


def test_what_main_returns_comes_back(guest):
    outcome = guest.run("def main(x, y=2):\n    print('äöü', x)\n    return {'sum': x + y}", arguments={"x": 1})
    assert (outcome.result, outcome.stdout) == ({"sum": 3}, "äöü 1\n")


def test_an_asynchronous_main_is_awaited(guest):
    source = "import asyncio\nasync def main():\n    await asyncio.gather(asyncio.sleep(0.001), asyncio.sleep(0))\n"
    source += "    return 5"
    assert guest.run(source).result == 5


def test_main_is_left_alone_when_the_script_calls_it(guest):
    outcome = guest.run("def main():\n    print('once')\nmain()", call_main=False)
    assert (outcome.stdout, outcome.frames) == ("once\n", [])


def test_a_script_without_main_has_no_result(guest):
    outcome = guest.run("import sys\nprint('a', end='')\nprint('b', file=sys.stderr)")
    assert (outcome.ending.code, outcome.stdout, outcome.stderr, outcome.frames) == (0, "a", "b\n", [])


def test_what_the_script_made_itself_becomes_json(guest):
    source = (
        "from dataclasses import dataclass\nimport datetime\n@dataclass\nclass Point:\n    x: int\n"
        "def main():\n    return [Point(1), {2, 1}, datetime.date(2024, 1, 2), float('nan'), {'a': (Point(2),)}]"
    )
    assert guest.run(source).result == [{"x": 1}, [1, 2], "2024-01-02", None, {"a": [{"x": 2}]}]


@pytest.mark.parametrize(("code", "status", "stderr"), [("'bye'", 1, "bye\n"), ("", 0, "")])
def test_system_exit_is_honoured(guest, code, status, stderr):
    outcome = guest.run(f"print('out')\nraise SystemExit({code})")
    assert (outcome.ending.code, outcome.stdout, outcome.stderr, outcome.frames) == (status, "out\n", stderr, [])


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        ("from servers.names_and_collisions import get_item_e189d4", "get_item_e189d4"),
        ("from servers.names_and_collisions import get_item_e189d4 as t", "t"),
        ("from servers.names_and_collisions.get_item_e189d4 import get_item_e189d4 as t", "t"),
        ("import servers.names_and_collisions", "servers.names_and_collisions.get_item_e189d4"),
        ("import servers.names_and_collisions as s", "s.get_item_e189d4"),
        ("import servers", "servers.names_and_collisions.get_item_e189d4"),
        ("from servers import ToolError, names_and_collisions as s", "s.get_item_e189d4"),
    ],
)
def test_a_tool_is_called_with_the_wires_names_and_without_what_was_not_given(guest, imports, name):
    outcome = guest.served(f"{imports}\ndef main():\n    return {name}(item_id_2='a', a_b=None)", echo)
    arguments = {"item-id": "a", "a b": None}
    assert outcome.result == {"server": "names_and_collisions", "tool": "get-item", "arguments": arguments}


def test_free_arguments_are_spread(guest):
    source = "from servers.root_additional_properties import log\ndef main():\n    return log(message='m', x=1)"
    assert guest.served(source, echo).result["arguments"] == {"message": "m", "x": 1}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("list('a')", "list() takes 0 positional arguments but 1 were given"),
        ("list()", "list() missing required keyword-only argument: 'from_'"),
        ("list(from_='a', limt=1)", "list() got an unexpected keyword argument 'limt'"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_sent(guest, call, message):
    outcome = guest.run(f"from servers.keywords_and_builtins import list\n{call}\n")
    assert len(outcome.frames) == 1
    assert outcome.failure == {"type": "TypeError", "message": message, "line": 2}


def test_a_result_type_can_be_imported(guest, workspace):
    module = next(
        path for path in (workspace / "servers/output_declared").glob("*.py") if "(TypedDict)" in path.read_text()
    )
    name = module.read_text().partition("class ")[2].partition("(")[0]
    source = f"from servers.output_declared.{module.stem} import {name}, {module.stem}\n"
    assert guest.run(source + f"def main(x: {name} | None = None):\n    return {name}(a=1)").result == {"a": 1}


def test_a_tools_error_is_caught_as_tool_error(guest):
    source = (
        "from servers import ToolError\nfrom servers.keywords_and_builtins import import_\n"
        "def main():\n    try:\n        import_()\n    except ToolError as error:\n        return str(error)"
    )
    assert guest.served(source, lambda _: {"error": "no"}).result == "keywords_and_builtins.import: no"


def test_a_tools_error_that_nobody_catches_names_the_scripts_line(guest):
    source = "from servers.keywords_and_builtins import import_\n\nimport_()"
    outcome = guest.served(source, lambda _: {"error": "no"})
    assert outcome.failure == {"type": "RuntimeError", "message": "keywords_and_builtins.import: no", "line": 3}


@pytest.mark.parametrize("where", ["def main():\n    ", "async def main():\n    "])
def test_gather_has_calls_under_way_at_once(guest, where):
    """Nobody is answered until all have asked."""
    everyone = threading.Barrier(3, timeout=20)

    def answer(call):
        everyone.wait()
        return {"value": call["arguments"]["from"]}

    source = f"from servers import (\n    gather as g,\n)\nfrom servers.keywords_and_builtins import list as t\n{where}"
    source += "return g(*(lambda i=i: t(from_=i) for i in ['b', 'a']), lambda: t(from_='c'), lambda: 4)"
    assert guest.served(source, answer).result == ["b", "a", "c", 4]


def test_gather_raises_the_first_failure_once_all_have_ended(guest):
    asked = []

    def answer(call):
        asked.append(call)
        return {"error": call["arguments"]["from"]}

    source = (
        "from servers import gather\nfrom servers.keywords_and_builtins import list as t\n"
        "gather(lambda: t(from_='x'), lambda: t(from_='y'), lambda: 1 / 0)"
    )
    assert guest.served(source, answer).failure["message"] == "keywords_and_builtins.list: x"
    assert len(asked) == 2


def test_gather_gives_what_other_functions_make_of_a_result(guest):
    source = (
        "from servers import gather\nfrom servers.keywords_and_builtins import list as t\n"
        "def f():\n    return t(from_='f')['tool']\n"
        "def main():\n    return gather(f, lambda: t(from_='x')['arguments'], lambda: str(t(from_='y'))[:1])"
    )
    assert guest.served(source, echo).result == ["list", {"from": "x"}, "{"]


def test_skills_are_run_each_in_its_own_names(guest, workspace):
    (workspace / "skills/first.py").write_text(
        "from servers import gather\nfrom servers.keywords_and_builtins import import_\nSIZE = 1\n"
        "def first():\n    return [SIZE, *gather(lambda: import_())]\n"
    )
    (workspace / "skills/second.py").write_text(
        "from skills.first import first as one\nSIZE = 2\ndef second():\n    return [SIZE, one()]\n"
    )
    source = "from skills.second import second\nSIZE = 3\ndef main():\n    return [SIZE, second()]"
    assert guest.served(source, lambda _: {"value": "v"}).result == [3, [2, [1, "v"]]]


def test_a_failure_in_a_skill_names_its_file_and_line(guest, workspace):
    (workspace / "skills/good.py").write_text("def good():\n    return 0\n")
    (workspace / "skills/bad.py").write_text("from skills.good import good\n\ndef bad():\n    return 1 / good()\n")
    outcome = guest.run("from skills.bad import bad\ndef main():\n    bad()")
    assert outcome.failure == {"type": "ZeroDivisionError", "message": "division by zero", "line": 3}
    assert 'File "skills/bad.py", line 4, in bad\n    return 1 / good()' in outcome.stderr


def test_a_failure_shows_the_scripts_own_frames(guest, workspace):
    outcome = guest.run("def f(x):\n    return 1 / x\ndef main():\n    f(0)\n")
    assert outcome.ending.code == 1
    file = workspace / "scripts" / "script.py"
    assert outcome.stderr == (
        f'Traceback (most recent call last):\n  File "{file}", line 4, in main\n    f(0)\n'
        f'  File "{file}", line 2, in f\n    return 1 / x\nZeroDivisionError: division by zero\n'
    )


def test_a_syntax_error_names_its_line(guest):
    outcome = guest.run("x = 1\ny = = 2\n")
    assert (outcome.failure["type"], outcome.failure["line"]) == ("SyntaxError", 2)
    assert HINT not in outcome.stderr


@pytest.mark.parametrize(
    ("source", "line", "what"),
    [
        ("\nclass A(dict):\n    pass", 2, "no support for class inheritance"),
        ("def f():\n    yield 1", 2, "no support for yield expressions"),
        ("x = 1\ndel x", 2, "no support for the 'del' statement"),
        ("import pandas", 1, "No module named 'pandas', where there are few modules"),
        ("import sys\nsys.exit(1)", 2, "module 'sys' has no attribute 'exit'"),
        ("input()", 1, "no input()"),
        ("raise ValueError(1, 2)", None, "exceptions can only be called with"),
        ("open('data/x', 'w')", 1, "there are no files"),
        ("import skills.a", 1, "import skills.a: write `from skills.NAME import NAME`"),
        ("from skills.nope import nope", 1, "no skill 'nope'"),
        ("try:\n    raise RuntimeError('a')\nexcept RuntimeError as e:\n    e.message", 4, "ToolError is RuntimeError"),
    ],
)
def test_what_the_subset_lacks_is_named_with_the_way_out(guest, source, line, what):
    outcome = guest.run(source)
    assert (outcome.ending.code, outcome.failure["line"]) == (1, line)
    assert f"runs a subset of Python: {what}" in outcome.stderr
    assert HINT in outcome.stderr


def test_an_endless_loop_ends_by_its_cpu_time(guest):
    assert guest.run("while True:\n    pass", limits=Limits(cpu_s=1)).ending.limit == "cpu"


def test_a_worker_that_the_kernel_ended_for_its_time_is_out_of_time_before_its_time_was_counted():
    crashed = type("MontyCrashedError", (Exception,), {})
    assert monty_failure.is_out_of_time(crashed("monty worker crashed (signal: 24 (SIGXCPU))"), 1e9)
    assert not monty_failure.is_out_of_time(crashed("monty worker crashed (signal: 11 (SIGSEGV))"), 1e9)
    assert not monty_failure.is_out_of_time(RuntimeError("(SIGXCPU)"), 1e9)


def test_an_endless_loop_in_a_catch_all_ends_too(guest):
    source = "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"
    assert guest.run(source, limits=Limits(cpu_s=1)).ending.limit == "cpu"


@pytest.mark.parametrize(
    "source",
    ["x = ['a' * 1000000]\nwhile True:\n    x.append(x[-1] + 'b')", "'a' * 10**11", "[0] * 10**11", "2 ** 10**12"],
)
def test_memory_ends_as_an_error_of_the_script(guest, source):
    outcome = guest.run(source, limits=Limits(memory_bytes=200 << 20, cpu_s=5))
    assert outcome.failure["type"] == "MemoryError"


def test_endless_recursion_is_an_error_of_the_script(guest):
    outcome = guest.run("def f():\n    return f()\nf()")
    assert (outcome.failure["type"], outcome.failure["line"]) == ("RecursionError", 2)
    assert len(outcome.stderr.splitlines()) < 20


def test_many_calls_are_not_too_many(guest):
    source = "from servers.keywords_and_builtins import import_\nfor _ in range(1001):\n    import_()"
    assert guest.served(source, lambda _: {"value": 1}).ending.code == 0


def test_killing_a_run_ends_its_interpreter(guest):
    run = guest.begin()
    run.send(guest.start_frame("print('up')\nwhile True:\n    pass"))
    assert run.stdout_line() == "up\n"
    run.process.kill()
    assert run.process.wait(10).reason == "killed"
    assert run.stdout_line() == ""


ESCAPES = {
    "open": "open('{secret}').read()",
    "open for writing": "open('{written}', 'w')",
    "path": "import pathlib\n    return pathlib.Path('{secret}').read_text()",
    "exists": "import pathlib\n    return pathlib.Path('{secret}').exists() or 1 / 0",
    "listdir": "import os\n    return os.listdir('/')",
    "proc": "open('/proc/self/environ').read()",
    "channel": "open('/proc/self/fd/3', 'wb')",
    "environment": "import os\n    return os.environ['PATH']",
    "system": "import os\n    return os.system('touch {written}')",
    "client": "from servers._client import exchange\n    return exchange",
    "subclasses": "().__class__.__base__.__subclasses__()",
    "globals of a tool": "from servers.keywords_and_builtins import import_\n    return import_.__globals__",
    "closure of a tool": "from servers.keywords_and_builtins import import_\n    return import_.__closure__",
    "frames": "import sys\n    return sys._getframe()",
    "traceback": "try:\n        1 / 0\n    except Exception as e:\n        return e.__traceback__.tb_frame",
    "eval": "eval(\"open('{secret}').read()\")",
}


DOORS = "subprocess socket ctypes importlib builtins mmap gc urllib.request codegen inspect threading signal"
ESCAPES |= {f"import of {name}": f"import {name}\n    return 'in'" for name in DOORS.split()}


def test_nothing_of_the_host_is_reached(guest, workspace):
    secret, written = workspace.parent / "secret.txt", workspace / "data" / "written"
    got_through = {}
    for name, attack in ESCAPES.items():
        body = attack.format(secret=secret, written=written)
        outcome = guest.run(f"def main():\n    {body if 'return' in body else f'return {body}'}")
        if "failure" not in outcome.frames[-1] or "SECRET" in f"{outcome}" or written.exists():
            got_through[name] = outcome
    assert got_through == {}


def test_code_of_the_workspace_is_not_run_outside_the_interpreter(guest, workspace):
    written = workspace / "data" / "written"
    evil = f"open({str(written)!r}, 'w')\n"
    for file in ("servers/__init__.py", "servers/_client.py", "servers/keywords_and_builtins/__init__.py", "json.py"):
        (workspace / file).write_text(evil)
    tool = workspace / "servers/keywords_and_builtins/import_.py"
    tool.write_text(evil + tool.read_text())
    source = "import json\nfrom servers.keywords_and_builtins import import_\ndef main():\n    return import_()['tool']"
    assert guest.served(source, echo).result == "import"
    assert not written.exists()


@pytest.mark.parametrize("place", ["skills/leak.py", "servers/keywords_and_builtins/leak.py"])
def test_a_link_in_the_workspace_shows_nothing(guest, workspace, place):
    (workspace.parent / "secret.txt").write_text("SECRET = 1\ndef leak():\n    return 'SECRET'\n")
    (workspace / place).symlink_to(workspace.parent / "secret.txt")
    package = place.partition(".")[0].replace("/leak", "").replace("/", ".")
    module = "skills.leak" if package == "skills" else package
    outcome = guest.run(f"from {module} import leak\ndef main():\n    return leak()")
    assert outcome.ending.code == 1
    assert "return 'SECRET'" not in f"{outcome}"


def test_it_is_chosen_only_by_name_and_says_what_it_lacks(backend):
    chosen = choose("monty")
    assert chosen.level == "monty (weaker)"
    assert any("data/" in each for each in chosen.found.weaker)
    assert choose().backend.name != "monty"


def test_without_its_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("codegen.sandbox.guests.monty.util.find_spec", lambda _: None)
    found = Monty().probe()
    assert (found.works, found.needs_consent, found.mend) == (False, True, "pip install 'codegen-tools[monty]'")


def test_another_release_is_not_tried(monkeypatch, backend):
    monkeypatch.setattr("importlib.metadata.version", lambda _: "2.0.0")
    assert "2.0.0 is installed" in backend.probe().why
