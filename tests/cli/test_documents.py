"""`--json` is a contract: one JSON document on stdout, with a version, whatever happens."""

from __future__ import annotations

import json
import subprocess

import pytest
from conftest import CODEGEN


def strict(text: str) -> dict:
    """One JSON document and nothing else; not what only Python takes for JSON."""
    document: dict = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    return document


KEYS = {
    "search": {"version", "answers"},
    "describe": {"version", "texts"},
    "runs": {"version", "runs"},
    "runs show": {"version", "run", "calls"},
    "stats": {"version", "method", "runs", "succeeded", "calls", "tools", "direct", "scripts", "kept"},
    "broker status": {"version", "running", "pid", "started", "runs", "servers", "idle_stop"},
    "sync --check": {
        "version", "servers", "problems", "added", "changed", "removed", "stale_skills", "diff", "packages",
    },
    "skills list": {"version", "skills"},
    "run": {
        "version", "id", "success", "state", "exit_code", "output", "stdout", "stderr", "findings", "calls",
        "duration_s", "truncated", "sandbox", "weaker",
    },
    "doctor": {"version", "wanted", "python", "type_checker", "workspace", "broker", "unset", "sandboxes"},
}  # fmt: skip
ARGUMENTS = {"search": ["echo"], "describe": ["counting.tool_1"], "run": ["-c", "print(1)"]}


@pytest.mark.parametrize("verb", KEYS)
def test_each_document_has_a_version_and_at_least_its_keys(verb, shelf):
    shelf("run", "-c", "print(1)")
    document = strict(shelf(*verb.split(), *ARGUMENTS.get(verb, []), "--json").stdout)
    assert document["version"] == 1
    assert document.keys() >= KEYS[verb]


def test_init_says_what_it_wrote_and_kept(shelf, tmp_path):
    document = strict(shelf("init", str(tmp_path / "new"), "--json").stdout)
    assert document["version"] == 1
    assert "mcp.json" in document["written"]
    assert document["kept"] == []


def test_the_life_of_a_skill(shelf):
    (shelf.root / "scripts" / "twice.py").write_text(
        '"""Twice."""\n\n\ndef main(n: int = 2) -> int:\n    """Give a number twice."""\n    return n * 2\n'
    )
    shelf("run", "scripts/twice.py")
    saved = strict(shelf("skills", "save", "scripts/twice.py", "--name", "twice", "--json").stdout)
    assert (saved["version"], saved["name"], saved["skill_version"]) == (1, "twice", 1)
    (listed,) = strict(shelf("skills", "list", "--json").stdout)["skills"]
    assert listed["name"] == "twice"
    assert "return n * 2" in strict(shelf("skills", "show", "twice", "--json").stdout)["source"]
    assert strict(shelf("skills", "run", "twice", "--json", "--", "n=21").stdout)["output"] == 42
    assert strict(shelf("skills", "history", "twice", "--json").stdout)["versions"]
    removed = strict(shelf("skills", "remove", "twice", "--json").stdout)
    assert (removed["version"], removed["name"]) == (1, "twice")


SCRIPTS = {
    "print('ü 😀')": 0,
    "raise ValueError('ü')": 1,
    "def f(:": 3,
    "import os\nos.kill(os.getpid(), 9)": 1,
    "import sys\nsys.stdout.buffer.write(b'\\xff\\x00\\x1b')": 0,
    r"print('half \ud83d')": 0,
    "import os\ndef frame(b): return len(b).to_bytes(4, 'big') + b\nt = os.environ['CODEGEN_TOKEN'].encode()\n"
    r"os.write(3, frame(b'{\"token\": \"' + t + "
    r"b'\", \"result\": [NaN, \"half \\ud83d\", 1e999, {\"a\": -Infinity}]}'))": 0,
    "def main(): return [float('nan'), float('inf'), {1: 2}, b'x', {3}, object]": 0,
}


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_runs_envelope_is_json_whatever_the_script_does_and_the_terminal_can_show(shelf, encoding):
    for script, code in SCRIPTS.items():
        done = subprocess.run(
            [str(CODEGEN), "run", "-", "--json"],
            cwd=shelf.root, env=shelf.environment | {"PYTHONIOENCODING": encoding}, input=script.encode(), check=False,
            capture_output=True,
        )  # fmt: skip
        document = strict(done.stdout.decode(encoding))
        assert (done.returncode, document["exit_code"], document["success"]) == (code, code, code == 0), script


def test_runs_show_is_json_also_where_a_result_was_not(shelf):
    body = r"""b'{"result": [NaN], "token": "' + os.environ['CODEGEN_TOKEN'].encode() + b'"}'"""
    script = f"import os; b = {body}; os.write(3, len(b).to_bytes(4, 'big') + b)"
    shelf("run", "-c", script)
    assert strict(shelf("runs", "show", "last", "--json").stdout)["run"]["output"] == [None]


def test_text_that_the_terminal_cannot_show_is_escaped(shelf):
    done = subprocess.run(
        [str(CODEGEN), "run", "-"],
        cwd=shelf.root, env=shelf.environment | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=True,
        input="import sys\nprint('ü')\nprint('ö', file=sys.stderr)".encode(),
    )  # fmt: skip
    assert done.stdout == b"\\xfc\n"
    assert done.stderr == b"\\xf6\n"
