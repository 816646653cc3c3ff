"""`codegen run` as its user sees it: answers, refusals, exit codes, the envelope."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path

from e2e.test_sync_faults import alive, until

KEYS = ("version", "id", "success", "output", "stdout", "stderr", "calls", "duration_s", "truncated")


def test_a_file_with_arguments_standard_input_and_a_line_of_code(shop):
    (shop.root / "scripts" / "args.py").write_text("import sys\nprint(sys.argv[1:])\n")
    assert shop("run", "scripts/args.py", "--", "a b", "--c").stdout == "['a b', '--c']\n"
    assert shop("run", "-", stdin="print(__name__)").stdout == "__main__\n"
    assert shop("run", "-c", "print(6 * 7)").stdout == "42\n"


def test_main_is_called_once_and_what_it_returns_is_json(shop):
    assert shop.run("def main(): return {'a': [1, None]}").stdout == '{"a": [1, null]}\n'
    assert shop.run("async def main(): return 'ü'").stdout == '"ü"\n'
    assert shop.run("def main(): print('once')\nmain()").stdout == "once\n"
    assert shop.run("def main(): print('once')\nif __name__ == '__main__':\n    main()").stdout == "once\n"
    silent = shop.run("def main(): pass")
    assert silent.stdout == ""
    assert "no output" in silent.stderr


def test_wrong_names_and_arguments_are_refused_before_anything_happens(shop):
    refused = {
        "from servers.shop import list_ordrs": "did you mean list_orders",
        "from servers.shopp import x": "shop",
        "from servers import shop\nshop.get_stok(sku='x')": "did you mean get_stock",
        "from servers.shop import get_stock\nget_stock(sko='LI-101')": "shop.get_stock(sku: str)",
        "from servers.shop import get_stock\nget_stock('LI-101')": "shop.get_stock(sku: str)",
        "from servers.shop import get_stock\nget_stock()": "shop.get_stock(sku: str)",
        "import no_such_package": "no_such_package",
        "print(undefined)": "undefined",
        "def f(:\n  pass": "<stdin>:1",
    }
    for script, said in refused.items():
        done = shop.run("print('side effect')\n" + script if said != "<stdin>:1" else script, code=3)
        assert said in done.stderr, script
        assert done.stdout == ""
        assert "nothing was run" in done.stderr


def test_findings_that_need_not_fail_are_printed_and_run(shop):
    done = shop.run("from servers.shop import shop_policy\nprint(shop_policy(topic='privacy' + ''))\nx: int = 'no'")
    assert "Literal" in done.stderr or "int" in done.stderr
    assert done.stdout


def test_no_check_runs_what_the_check_would_refuse(shop):
    assert shop.run("try:\n    undefined\nexcept NameError:\n    print('caught')", "--no-check").stdout == "caught\n"


def test_a_failure_shows_the_scripts_own_lines_and_exit_code_1(shop):
    done = shop.run("def f():\n    raise ValueError('on purpose')\nf()", code=1)
    assert "line 3" in done.stderr
    assert "raise ValueError('on purpose')" in done.stderr
    assert "inside.py" not in done.stderr
    assert "failed" in done.stderr
    assert shop.run("raise SystemExit(7)", code=1)
    assert shop.run("raise SystemExit(0)", code=0)


def test_a_tool_that_fails_raises_toolerror_with_its_message(shop):
    script = """
from servers import ToolError
from servers.shop import check_courier
def main():
    try:
        check_courier(order_id=7)
    except ToolError as error:
        return [error.server, error.tool, bool(error.message)]
"""
    assert shop.value(script) == ["shop", "check_courier", True]
    done = shop.run("from servers.shop import check_courier\ncheck_courier(order_id=7)", code=1)
    assert "ToolError: shop.check_courier" in done.stderr
    assert "_client.py" not in done.stderr, "frames of generated code say nothing"


def test_a_script_that_fails_at_the_sandbox_is_told_what_that_lets_through(shop):
    reach = "import socket\nsocket.create_connection(('127.0.0.1', 80))"
    resolve = "import urllib.request\nurllib.request.urlopen('https://example.com')"
    for script in (reach, resolve):
        assert "the sandbox has no network" in shop.run(script, code=1).stderr
    assert "write below data/ alone" in shop.run("open('report.txt', 'w')", code=1).stderr
    assert "shows a script the workspace alone" in shop.run("open('mcp.json')", code=1).stderr
    assert "sandbox" not in shop.run("open('data/absent.txt')", code=1).stderr


def test_long_output_is_cut_in_the_middle_and_whole_in_a_file(shop):
    done = json.loads(shop("run", "-", "--json", stdin="for n in range(20000): print('line', n)").stdout)
    assert done["truncated"]
    assert len(done["stdout"]) < 21_000
    assert done["stdout"].startswith("line 0\n")
    assert done["stdout"].endswith("line 19999\n")
    whole = shop.root / "data" / "output" / f"{done['id']}.txt"
    assert f"data/output/{done['id']}.txt" in done["stdout"]
    assert whole.read_text().count("\n") == 20_000


def test_the_envelope_is_always_json_with_every_key(shop):
    for script in ("print(1)", "raise ValueError", "def f(:", "import sys; sys.stdout.buffer.write(b'\\xff\\x00')"):
        done = json.loads(shop("run", "-", "--json", stdin=script, code=None).stdout)
        assert {"version", "id", "success", "output", "stdout", "stderr", "calls", "duration_s", "truncated"} <= set(
            done
        )
        assert done["version"] == 1
        assert done["success"] == (done["exit_code"] == 0)


def test_the_time_limit_ends_the_run_and_all_its_processes_with_124(shop):
    mark = f"daemon of {shop.root}"
    script = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", {mark!r}], start_new_session=True)
time.sleep(600)
"""
    done = shop.run(script, "--time-limit", "1.5", code=124)
    assert "time limit" in done.stderr
    assert processes(mark) == []


def test_ctrl_c_ends_the_run_and_leaves_no_process(shop):
    run = shop.start(
        "run", "-c", "import time\nprint('so far', flush=True)\nopen('data/on', 'w').close()\ntime.sleep(600)"
    )
    until((shop.root / "data" / "on").exists)
    os.killpg(run.pid, signal.SIGINT)
    printed, said = run.communicate(timeout=20)
    assert (run.returncode, printed) == (130, "so far\n")
    assert "cancelled after 0 calls" in said
    until(lambda: shop.broker["runs"] == 0)
    assert "cancelled" in shop("runs", "-n", "1").stdout


def test_a_killed_broker_takes_its_runs_with_it(shop):
    run = shop.start("run", "-c", "import time\nopen('data/on', 'w').close()\ntime.sleep(600)")
    until((shop.root / "data" / "on").exists)
    pid = shop.broker["pid"]
    os.kill(pid, signal.SIGKILL)
    _, errors = run.communicate(timeout=20)
    assert run.returncode == 2
    assert "broker" in errors
    until(lambda: not alive(pid))
    assert shop.run("print('again')").stdout == "again\n"


def test_a_script_finds_no_secret_no_network_and_no_way_to_write(shop):
    script = """
import os, socket
from pathlib import Path
def attempt(action):
    try:
        return str(action())
    except OSError as error:
        return type(error).__name__
def main():
    root = Path.cwd()
    return {
        "secret": [k for k in os.environ if "SECRET" in k],
        "mcp.json": attempt((root / "mcp.json").read_text),
        "state": attempt(lambda: list((root / ".codegen").iterdir())),
        "home": attempt(lambda: list(Path("/root").iterdir())),
        "socket": attempt(lambda: socket.create_connection(("127.0.0.1", 80), 1)),
        "servers": attempt(lambda: (root / "servers/x.py").write_text("x")),
        "scripts": attempt(lambda: (root / "scripts/x.py").write_text("x")),
        "data": attempt(lambda: (root / "data/x").write_text("kept")),
        "processes": len([p for p in os.listdir("/proc") if p.isdigit()]),
    }
"""
    shop.environment["MY_SECRET"] = "s3cret"
    shop("broker", "stop")
    seen = shop.value(script)
    assert seen["secret"] == []
    assert seen["data"] == "4"
    assert (shop.root / "data" / "x").read_text() == "kept"
    assert seen["processes"] <= 3
    for place in ("mcp.json", "state", "socket", "servers", "scripts"):
        assert seen[place].endswith("Error"), place


def test_sandbox_none_is_loud_and_an_unknown_one_is_refused(shop):
    assert "all of your rights" in shop.run("print(1)", "--sandbox", "none").stderr
    assert shop.run("print(1)", "--sandbox", "docer", code=2)


def test_search_and_describe_work_inside_a_script(shop):
    script = """
from codegen import describe, search
def main():
    hit = search("stock of a product", k=3)
    return [any("get_stock" in h.path for h in hit), "class Stock" in describe("shop.get_stock")]
"""
    assert shop.value(script) == [True, True]


def test_runs_lists_and_shows_calls_with_arguments_and_answers(shop):
    shop.run("from servers.shop import get_stock\nget_stock(sku='LI-101')")
    assert "succeeded" in shop("runs", "-n", "1").stdout
    shown = shop("runs", "show", "last").stdout
    assert 'shop.get_stock(sku="LI-101")' in shown
    assert '"available"' in shown
    document = json.loads(shop("runs", "show", "last", "--json").stdout)
    assert document["calls"][0]["arguments"] == {"sku": "LI-101"}
    assert "no run" in shop("runs", "show", "zzzz", code=2).stderr


def processes(mark: str) -> list[str]:
    """The processes of this machine whose command line holds a text."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found
