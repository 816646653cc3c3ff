from __future__ import annotations

import collections
import datetime
import decimal
import enum
import json
import pathlib
from dataclasses import dataclass

import pytest

from codegen.sandbox.inside.jsonable import jsonable


def test_what_main_returns_comes_back(plain):
    assert plain.run("def main(x, y=2):\n    return {'sum': x + y}", arguments={"x": 1}).result == {"sum": 3}


def test_an_asynchronous_main_is_awaited(plain):
    assert plain.run("import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    return 5").result == 5


def test_main_is_left_alone_when_the_script_calls_it(plain):
    outcome = plain.run("def main():\n    print('once')\nmain()", call_main=False)
    assert (outcome.stdout, outcome.frames) == ("once\n", [])


def test_a_script_without_main_has_no_result(plain):
    outcome = plain.run("print('äöü €')")
    assert (outcome.ending.code, outcome.stdout, outcome.frames) == (0, "äöü €\n", [])


def test_the_script_is_a_real_main_module(plain, workspace):
    source = (
        "import inspect, pickle, sys, typing\n"
        "from dataclasses import dataclass\n"
        "@dataclass\n"
        "class Point:\n"
        "    x: 'int'\n"
        "def main():\n"
        "    copy = pickle.loads(pickle.dumps(Point(1)))\n"
        "    same = sys.modules['__main__'].Point is Point\n"
        "    source = inspect.getsource(main).splitlines()[0]\n"
        "    hints = typing.get_type_hints(Point)['x'] is int\n"
        "    ours = [name for name in sys.modules if name.startswith('codegen')]\n"
        "    return [copy.x, same, source, hints, __name__, __file__, sys.argv, sys.path[0], ours]\n"
    )
    file = str(workspace / "scripts" / "script.py")
    expected = [1, True, "def main():", True, "__main__", file, [file, "a"], str(workspace), []]
    assert plain.run(source, argv=["a"]).result == expected


def test_a_failure_shows_the_scripts_own_frames(plain, workspace):
    source = "def f():\n    return 1 / 0\ndef main():\n    try:\n        f()\n    except ZeroDivisionError as e:\n"
    outcome = plain.run(source + "        raise ValueError('no') from e\n")
    assert outcome.ending.code == 1
    assert outcome.failure == {"type": "ValueError", "message": "no", "line": 7}
    frames = [line.strip() for line in outcome.stderr.splitlines() if line.startswith("  File")]
    file = workspace / "scripts" / "script.py"
    assert frames == [f'File "{file}", line {n}, in {name}' for n, name in ((5, "main"), (2, "f"), (7, "main"))]
    assert "return 1 / 0" in outcome.stderr
    assert "ZeroDivisionError: division by zero" in outcome.stderr


def test_of_a_librarys_frames_only_the_last_is_shown(plain, workspace):
    outcome = plain.run("import json\ndef main():\n    return json.loads('{}', object_hook=lambda _: json.loads('x'))")
    files = [line.split('"')[1] for line in outcome.stderr.splitlines() if line.startswith("  File")]
    script = str(workspace / "scripts" / "script.py")
    assert files[:2] == [script, script], "the second is the lambda that the library called"
    assert [file.endswith("json/decoder.py") for file in files[2:]] == [True]


def test_a_failure_of_an_asynchronous_main_shows_no_event_loop(plain):
    outcome = plain.run("async def main():\n    raise KeyError('x')")
    assert outcome.failure == {"type": "KeyError", "message": "'x'", "line": 2}
    assert "asyncio" not in outcome.stderr
    assert outcome.stderr.count("  File") == 1


def test_members_of_an_exception_group_are_shown(plain):
    outcome = plain.run("raise ExceptionGroup('both', [ValueError('a'), TypeError('b')])")
    assert "ValueError: a" in outcome.stderr
    assert "TypeError: b" in outcome.stderr
    assert "inside.py" not in outcome.stderr


def test_a_syntax_error_names_its_line(plain):
    outcome = plain.run("x = 1\ny = = 2\n")
    assert outcome.failure["type"] == "SyntaxError"
    assert outcome.failure["line"] == 2
    assert "inside.py" not in outcome.stderr


def test_an_exception_that_cannot_be_printed_is_still_a_failure(plain):
    outcome = plain.run("class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError\nraise Odd()")
    assert outcome.failure == {"type": "Odd", "message": "", "line": 4}


@pytest.mark.parametrize(
    ("code", "status", "stderr"), [("", 0, ""), ("3", 3, ""), ("'bye'", 1, "bye\n"), ("None", 0, "")]
)
def test_system_exit_is_honoured(plain, code, status, stderr):
    outcome = plain.run(f"import sys\nprint('out', end='')\nsys.exit({code})")
    assert (outcome.ending.code, outcome.stdout, outcome.stderr, outcome.frames) == (status, "out", stderr, [])


def test_threads_end_before_the_result_is_sent(plain):
    source = (
        "import threading\ndone = []\ngo = threading.Event()\n"
        "def late():\n    go.wait()\n    done.append(1)\n    print('late')\n"
        "def main():\n    threading.Thread(target=late).start()\n    go.set()\n    return 1\n"
    )
    outcome = plain.run(source)
    assert (outcome.result, outcome.stdout) == (1, "late\n")


def test_files_left_open_are_written(plain, workspace):
    plain.run("f = open('data/left', 'w')\nf.write('whole')")
    assert (workspace / "data" / "left").read_text() == "whole"


def test_the_channel_is_the_scripts_after_the_start_frame(plain):
    run = plain.begin()
    source = "import os\nos.write(3, b'ask!')\nprint(os.read(3, 6).decode())"
    run.send(plain.start_frame(source))
    assert run.channel.recv(4) == b"ask!"
    run.channel.sendall(b"answer")
    assert run.process.wait(10).code == 0


def test_a_spare_that_is_not_needed_goes_quietly(plain):
    run = plain.begin()
    run.channel.close()
    assert run.process.wait(10).code == 0


def test_a_large_result_arrives_whole(plain):
    run = plain.begin()
    run.send(plain.start_frame("def main():\n    return 'x' * 3_000_000"))
    header = run.channel.recv(4, 0x100)  # MSG_WAITALL
    body = run.channel.recv(int.from_bytes(header, "big"), 0x100)
    assert len(json.loads(body)["result"]) == 3_000_000
    assert run.process.wait(10).code == 0


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


@dataclass
class Point:
    x: int
    tags: set[str]


class Model:
    def model_dump(self):
        return {"a": Colour.RED}


class Array:
    def tolist(self):
        return [1.5, float("nan")]


class Hostile:
    def __getattribute__(self, name):
        raise RuntimeError(name)


Pair = collections.namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([True, None, 1, 1.5, "a"], [True, None, 1, 1.5, "a"]),
        ([float("nan"), float("inf"), -float("inf")], [None, None, None]),
        ({3, 1, 2}, [1, 2, 3]),
        ((1, (2,)), [1, [2]]),
        (Point(1, {"b", "a"}), {"x": 1, "tags": ["a", "b"]}),
        (Pair(1, 2), {"left": 1, "right": 2}),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (Model(), {"a": "red"}),
        (Array(), [1.5, None]),
        (decimal.Decimal("1.10"), "1.10"),
        (datetime.datetime(2024, 1, 2, 3, 4), "2024-01-02T03:04:00"),
        (datetime.date(2024, 1, 2), "2024-01-02"),
        (pathlib.PurePosixPath("/a b"), "/a b"),
        (b"\x00\xff", "AP8="),
        (collections.deque([1]), [1]),
        ({1: "a", None: "b", Colour.RED: "c", (1, 2): "d"}, {"1": "a", "null": "b", "red": "c", "[1, 2]": "d"}),
        (range(3), [0, 1, 2]),
        ("\ud800", "?"),
        (object, "<class 'object'>"),
    ],
)
def test_a_value_becomes_what_json_can_say_of_it(value, expected):
    assert jsonable(value) == expected
    json.dumps(jsonable(value), allow_nan=False)


def test_no_value_is_too_hostile_large_or_deep():
    circle: list[object] = []
    circle.append(circle)
    deep: object = 0
    for _ in range(10_000):
        deep = [deep]
    for value in (circle, deep, Hostile(), 10**5000, {Hostile(): Hostile()}, Hostile):
        json.dumps(jsonable(value), allow_nan=False)
