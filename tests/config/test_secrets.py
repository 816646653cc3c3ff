"""Variables, the env file, and texts that must not be seen."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from codegen.config.secrets import Secret, read_env_file, resolve, variables_in
from codegen.errors import ConfigError, UnsetVariableError


def test_a_secret_is_never_shown_but_by_its_name() -> None:
    secret = Secret("sesame")
    assert f"{secret} {secret!r} {[secret]}" == "*** *** [***]"
    assert secret.reveal() == "sesame"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("Bearer ${TOKEN}!", "Bearer t0k!"),
        ("${A}${B}", "${B}2"),
        ("${MISSING:-x y}", "x y"),
        ("${MISSING:-}", ""),
        ("${EMPTY:-default}", "default"),
        ("${EMPTY}", ""),
        ("${TOKEN:-other}", "t0k"),
        ("$TOKEN ${TOKEN ${1X} ${} $$ ${A-B}", "$TOKEN ${TOKEN ${1X} ${} $$ ${A-B}"),
    ],
)
def test_variables_are_replaced_once(template: str, expected: str) -> None:
    variables = {"TOKEN": "t0k", "A": "${B}", "B": "2", "EMPTY": ""}
    assert resolve(template, variables, server="s").reveal() == expected


def test_an_unset_variable_is_an_error_that_names_server_and_variable() -> None:
    with pytest.raises(UnsetVariableError, match="server 'github' needs the variable TOKEN, which is not set"):
        resolve("${TOKEN}", {}, server="github")


def test_the_variables_of_a_template_are_known() -> None:
    assert variables_in("${A} ${B:-${C} $D ${E}") == {"A", "B", "E"}


def test_an_env_file_is_read_as_a_shell_would(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text(
        "\ufeff# comment\n\nA=1\nexport B = two words # comment\nC='single # $A'\n"
        'D="line\\nnext \\"q\\"" # comment\nE=\nF=a#b\nG="=x=" \n',
        encoding="utf-8",
    )
    assert read_env_file(path) == {
        "A": "1",
        "B": "two words",
        "C": "single # $A",
        "D": 'line\nnext "q"',
        "E": "",
        "F": "a#b",
        "G": "=x=",
    }


def test_a_missing_env_file_is_empty(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / "env") == {}


@pytest.mark.parametrize("line", ["TOKEN sesame", "1A=sesame", 'A="sesame', "A='sesame' more"])
def test_a_line_that_can_not_be_read_is_named_and_not_shown(tmp_path: Path, line: str) -> None:
    path = tmp_path / "env"
    path.write_text(f"OK=1\n{line}\n")
    with pytest.raises(ConfigError, match=r"env:2: expected KEY=VALUE") as caught:
        read_env_file(path)
    assert "sesame" not in str(caught.value)
