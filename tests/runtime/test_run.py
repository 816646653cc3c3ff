"""Runs of any kind, in one workspace with servers that are warm: `codegen run` as a script sees it from within."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from conftest import CODEGEN, Commands
from e2e.test_sync_faults import alive, until

CALL = "from servers._client import call\n"


def envelope(yard: Commands, source: str, *words: str) -> dict:
    done: dict = json.loads(yard("run", "-", "--json", *words, stdin=source, code=None).stdout)
    return done


def test_a_path_with_spaces_and_letters_beyond_ascii_is_the_scripts_current_folder(yard):
    assert yard.value("from pathlib import Path\ndef main(): return str(Path.cwd())") == str(yard.root)
    (yard.root / "scripts" / "grüße 数.py").write_text("print(__file__)", encoding="utf-8")
    assert yard("run", "scripts/grüße 数.py").stdout == f"{yard.root}/scripts/grüße 数.py\n"


TEXTS = ["", "ü 数据 😀", "\x00\x07\x1b", "\u2028\u2029\ufeff", "\u202e\U000e0041", '"\\\n\r\t', "half " + "x" * 70_000]


def test_any_text_goes_to_a_server_and_comes_back_as_it_was(yard):
    script = f"""
from servers.awkward import bare
TEXTS = {TEXTS!r}
def main(): return [bare(**{{t or 'k': t}}) == {{"tool": "bare", "arguments": {{t or 'k': t}}}} for t in TEXTS]
"""
    assert yard.value(script) == [True] * len(TEXTS)
    assert yard.value("from servers.awkward import bare\ndef main(): return bare(ü='😀')['arguments']") == {"ü": "😀"}


def test_half_a_surrogate_pair_as_an_argument_is_refused_and_harms_nothing(yard):
    script = r"""
from servers.dying import stay
from servers import ToolError
def main():
    try:
        stay(a="half \ud83d")
    except ToolError as error:
        return [error.message, stay(a="whole")["arguments"]]
"""
    message, after = yard.value(script)
    assert "half a surrogate pair" in message
    assert after == {"a": "whole"}


def test_half_a_surrogate_pair_in_what_a_script_returns_prints_or_is_written_in(yard):
    done = envelope(yard, r"print('half \ud83d')" + "\n" + r"def main(): return ['\udc80', {'\ud83d': 1}]")
    assert done["success"]
    assert done["output"] == ["?", {"?": 1}]
    assert done["stdout"].startswith("half \\ud83d\n")
    refused = yard("run", "-c", "print('\udc80')", code=3)
    assert "syntax" in refused.stderr


def test_five_megabytes_go_there_and_back(yard):
    script = """
from servers.dying import stay
def main():
    text = "ü" * 2_500_000
    return stay(text=text)["arguments"]["text"] == text
"""
    assert yard.value(script) is True


def test_a_result_of_five_megabytes_is_cut_for_the_eye_and_whole_in_a_file(yard):
    done = envelope(yard, "def main(): return 'x' * 5_000_000")
    assert done["success"]
    assert done["truncated"]
    assert done["output"] is None
    assert (yard.root / "data" / "output" / f"{done['id']}.txt").stat().st_size == 5_000_003


def test_an_argument_over_the_limit_of_a_message_ends_the_run_with_the_reason(yard):
    done = envelope(yard, f"{CALL}call('dying', 'stay', {{'a': 'x' * (65 << 20)}})")
    assert done["state"] == "failed"
    assert "over the limit of 67,108,864" in done["stderr"]


def test_calls_of_threads_run_side_by_side_and_gather_keeps_their_order(yard):
    script = """
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from servers import gather
from servers.counting import tool_1
def value(n):
    return tool_1(value=n)["value"]
def main():
    with ThreadPoolExecutor(100) as pool:
        threads = list(pool.map(value, range(200)))
    return [threads, gather(*(partial(value, n) for n in range(100)))]
"""
    assert yard.value(script) == [list(range(200)), list(range(100))]


def test_gather_raises_the_first_failure_when_all_have_ended(yard):
    script = """
from servers import ToolError, gather
from servers.awkward import bare, fails, rpc_error
done = []
def main():
    try:
        gather(lambda: done.append(bare()), fails, rpc_error, lambda: done.append(bare()))
    except ToolError as error:
        return [error.tool, len(done)]
"""
    assert yard.value(script) == ["fails", 2]


def test_to_thread_works_in_an_asynchronous_main(yard):
    script = """
import asyncio
from servers.counting import tool_1
async def main():
    both = await asyncio.gather(*(asyncio.to_thread(tool_1, value=n) for n in (1, 2)))
    return [each["value"] for each in both]
"""
    assert yard.value(script) == [1, 2]


def test_arguments_that_json_cannot_carry_raise_where_they_are_given(yard):
    script = (
        CALL
        + """
def attempt(value):
    try:
        call("dying", "stay", {"a": value})
    except (TypeError, ValueError) as error:
        return type(error).__name__
def main():
    return [attempt(value) for value in ({1}, b"x", float("nan"), object(), print)]
"""
    )
    assert yard.value(script) == ["TypeError", "TypeError", "ValueError", "TypeError", "TypeError"]


@pytest.mark.parametrize(
    ("server", "tool", "said"),
    [
        ("counting", "tool_22", "did you mean tool_2"),
        ("nobody", "x", "not in the tree"),
        ("", "x", "not a call"),
        ("../counting", "tool_1", "not in the tree"),
    ],
)
def test_a_call_of_something_that_is_not_synced_is_refused(yard, server, tool, said):
    done = envelope(yard, f"{CALL}call({server!r}, {tool!r}, {{}})")
    assert done["exit_code"] == 1
    assert said in done["stderr"]
    assert "ToolError" in done["stderr"]


FD3 = """
import json, os, time
def frame(body):
    if body.startswith(b"{"):
        token = b'{"token": "%s"' % os.environ["CODEGEN_TOKEN"].encode()
        body = token + (b"}" if body == b"{}" else b", " + body[1:])
    return len(body).to_bytes(4, "big") + body
"""


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("os.write(3, b'rubbish that is no frame at all')", "over the limit"),
        ("os.write(3, (1 << 30).to_bytes(4, 'big') + b'x' * 1000)", "1,073,741,824 bytes is over the limit"),
        ("os.write(3, frame(b'not json'))", "not JSON"),
        ("os.environ['CODEGEN_TOKEN'] = 'another'; os.write(3, frame(b'{\"id\": 1}'))", "without this run's token"),
        ("os.write(3, frame(b'[1]'))", "not a JSON object"),
        ("os.write(3, frame(b'[' * 200_000))", "not JSON"),
    ],
)
def test_a_script_that_writes_rubbish_to_its_channel_ends_only_itself(yard, script, said):
    before = yard.broker["pid"]
    done = envelope(yard, f"{FD3}{script}\ntime.sleep(60)")
    assert (done["state"], done["exit_code"]) == ("failed", 1)
    assert said in done["stderr"]
    assert yard.value("from servers.dying import stay\ndef main(): return stay()") == {"tool": "stay", "arguments": {}}
    assert yard.broker["pid"] == before


@pytest.mark.parametrize(
    "script",
    [
        "os.write(3, b'\\0\\0')",
        "os.write(3, (1000).to_bytes(4, 'big') + b'{')",
        "os.close(3)",
        "os.dup2(os.open('/dev/null', os.O_RDWR), 3)",
        "os.write(3, frame(b'{}'))",
        "os.write(3, frame(b'{\"unknown\": 1}'))",
        "os.write(3, frame(b'{\"start\": {}}'))",
        'os.write(3, frame(b\'{"id": [1], "call": 5}\'))',
        "os.write(3, frame(b'{\"id\": null}'))",
        'os.write(3, frame(b\'{"id": 1, "search": {"k": -5}}\'))',
    ],
)
def test_a_script_may_leave_its_channel_in_any_state(yard, script):
    done = envelope(yard, f"{FD3}{script}\nprint('the end')")
    assert done["success"], done
    assert done["stdout"] == "the end\n"


def test_a_forged_result_is_only_a_result(yard):
    for body in (r'{"result": "half \\ud83d"}', '{"result": NaN}', '{"result": {"done": {"exit_code": 0}}}'):
        done = envelope(yard, f"{FD3}os.write(3, frame(b'''{body}'''))\nraise SystemExit(1)")
        assert done["exit_code"] == 1
        assert done["state"] == "failed"


def test_a_call_nested_as_deep_as_can_be_is_answered_or_ends_the_run(yard):
    head = '{"id": 1, "call": {"server": "dying", "tool": "stay", "arguments": {"a": '
    for depth in (900, 960, 980, 990):
        body = f"b'{head}' + b'[' * {depth} + b']' * {depth} + b'}}}}}}'"
        done = envelope(yard, f"{FD3}os.write(3, frame({body}))\nprint(len(os.read(3, 4)))")
        assert done["state"] in {"succeeded", "failed"}


def test_a_script_that_never_reads_its_answers_ends_at_its_time_limit_and_the_next_runs(yard):
    script = """
body = json.dumps({"id": 1, "call": {"server": "dying", "tool": "stay", "arguments": {"a": "x" * 100_000}}}).encode()
for _ in range(200):
    os.write(3, frame(body))
time.sleep(600)
"""
    done = envelope(yard, FD3 + script, "--time-limit", "2")
    assert done["exit_code"] == 124
    assert yard.value("from servers.dying import stay\ndef main(): return stay()") == {"tool": "stay", "arguments": {}}


def test_a_call_that_never_answers_ends_with_the_time_limit_and_the_next_run_works(yard):
    done = envelope(yard, "from servers.dying import wait\nprint('before', flush=True)\nwait()", "--time-limit", "1")
    assert (done["state"], done["exit_code"]) == ("timeout", 124)
    assert done["stdout"] == "before\n"
    assert "time limit of 1 s" in done["stderr"]
    assert yard.value("from servers.dying import stay\ndef main(): return stay()") == {"tool": "stay", "arguments": {}}
    shown = yard("runs", "show", done["id"]).stdout
    assert "dying.wait()" in shown
    assert "no answer" in shown


def test_a_server_killed_during_a_call_fails_that_call_and_the_next_one_works(yard):
    script = """
from servers import ToolError
from servers.dying import die, stay
def main():
    try:
        die()
    except ToolError as error:
        return [error.server, error.tool, error.message, stay(a=1)["arguments"]]
"""
    server, tool, message, after = yard.value(script)
    assert (server, tool, after) == ("dying", "die", {"a": 1})
    assert "died during the call to die" in message
    assert "out of memory, they say" in message


def test_a_link_that_a_script_left_in_data_is_not_followed(yard, tmp_path):
    script = f"""
import os
os.makedirs("data/was", exist_ok=True)
for name in ("blobs", "output"):
    if os.path.isdir("data/" + name):
        os.rename("data/" + name, "data/was/" + name)
    os.symlink({str(tmp_path)!r}, "data/" + name)
"""
    yard.run(script)
    try:
        done = envelope(yard, "from servers.awkward import only_image\nprint('x' * 30_000)\nonly_image()")
    finally:
        yard.run("import os\nfor n in ('blobs', 'output'):\n    os.remove('data/' + n)")
    assert "can't be kept in data/" in done["stderr"]
    assert "no file: data/output can't be written" in done["stdout"]
    assert "Bad file descriptor" not in done["stdout"] + done["stderr"]
    assert list(tmp_path.iterdir()) == [tmp_path / "home"] or list(tmp_path.iterdir()) == []


def test_unchecked_source_that_does_not_parse_fails_as_in_python(yard):
    for source in ("def f(:", "x = '\\x00'\n\x00", "(" * 500):
        done = envelope(yard, source, "--no-check")
        assert (done["state"], done["exit_code"]) == ("failed", 1)
        assert "Error" in done["stderr"]


@pytest.mark.parametrize("limit", ["0", "-1", "nan", "inf", "soon"])
def test_a_time_limit_must_be_a_number_of_seconds(yard, limit):
    assert "time-limit" in yard("run", "-c", "print(1)", f"--time-limit={limit}", code=2).stderr


def test_standard_input_that_is_no_text_is_a_usage_error(yard):
    done = subprocess.run(
        [str(CODEGEN), "run", "-"],
        cwd=yard.root,
        env=yard.environment,
        input=b"print('\xff')",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_background_processes_end_with_the_run(yard):
    script = (
        "import subprocess\ndef main(): return subprocess.Popen(['sleep', '599'], start_new_session=True).pid and 1"
    )
    assert yard.value(script) == 1
    assert not [pid for pid in sleeping() if alive(pid)]


def sleeping() -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_bytes() == b"sleep\x00599\x00":
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def test_a_run_goes_on_beside_a_hundred_others(yard):
    waiting = yard.start(
        "run", "-c", "import os, time\nopen('data/on', 'w')\nwhile not os.path.exists('data/go'): time.sleep(0.01)"
    )
    until((yard.root / "data" / "on").exists)
    assert yard.broker["runs"] == 1
    assert [yard.value(f"def main(): return {n}") for n in range(3)] == [0, 1, 2]
    (yard.root / "data" / "go").touch()
    assert waiting.wait(30) == 0
