from __future__ import annotations

import subprocess

import pytest
from conftest import CODEGEN

from codegen.__main__ import VERBS, main


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example_and_exits_0(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert f"\nexamples:\n  codegen {verb}" in shown


def test_help_lists_every_verb(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {verb} " in shown and summary in shown for verb, summary in VERBS.items())


def test_no_verb_shows_the_help_and_is_a_usage_error(capsys):
    assert main([]) == 2
    assert "usage: codegen VERB" in capsys.readouterr().out


def test_an_unknown_verb_is_a_usage_error_with_the_nearest(capsys):
    assert main(["serach", "x"]) == 2
    assert "did you mean search?" in capsys.readouterr().err
    assert main(["zzz"]) == 2
    assert "codegen --help" in capsys.readouterr().err


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("codegen 0.")


@pytest.mark.parametrize(
    "words",
    [
        ["search"],
        ["search", "x", "--detail", "wrong"],
        ["search", "x", "-k", "many"],
        ["describe"],
        ["run"],
        ["run", "a.py", "-c", "print(1)"],
        ["runs", "dance"],
        ["broker"],
        ["skills", "dance"],
        ["sync", "--unknown"],
        ["init", "a", "b"],
    ],
)
def test_a_command_line_that_is_wrong_exits_2_and_shows_the_usage(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: codegen" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["run", "no_such_file.py"],
        ["run", "."],
        ["describe", "counting.no_such_tool"],
        ["describe", "nobody.x"],
        ["search", ""],
        ["search", "x", "-s", "nobody"],
        ["runs", "show", "zzzz"],
        ["skills", "show", "nobody"],
        ["skills", "show"],
        ["skills", "run", "nobody"],
        ["skills", "save", "no_such_file.py"],
        ["skills", "remove", "nobody"],
        ["remove", "nobody"],
        ["add", "x"],
        ["add", "x", "--url", "http://127.0.0.1:1/", "--", "command"],
        ["add", "x", "--env", "novalue", "--", "command"],
        ["import", "no_such_file.json"],
        ["sync", "--server", "nobody"],
        ["search", "x", "--workspace", "/"],
    ],
)
def test_what_cannot_work_exits_2_and_says_why_without_a_traceback(words, shelf):
    done = shelf(*words, code=2)
    assert done.stderr.startswith("codegen: ")
    assert "Traceback" not in done.stderr


def test_a_reader_that_closes_the_pipe_early_is_no_error(shelf):
    with subprocess.Popen(
        [str(CODEGEN), "describe", *["counting.tool_1"] * 3, "--detail", "full"],
        cwd=shelf.root, env=shelf.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_codegen_workspace_names_the_workspace_from_anywhere(shelf, tmp_path):
    for environment, words in (({"CODEGEN_WORKSPACE": str(shelf.root)}, []), ({}, ["--workspace", str(shelf.root)])):
        done = subprocess.run(
            [str(CODEGEN), "search", "echo number 1", *words],
            cwd=tmp_path, env=shelf.environment | environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "counting.tool_1" in done.stdout
