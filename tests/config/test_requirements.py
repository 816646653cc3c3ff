"""[sandbox] packages and preload: what is taken, and what an error says of the rest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from codegen.config.requirements import name_of
from codegen.config.settings import SandboxSettings, load_settings
from codegen.errors import ConfigError


def sandbox(folder: Path, key: str, value: object) -> SandboxSettings:
    path = folder / "codegen.toml"
    path.write_text(f"[sandbox]\n{key} = {json.dumps(value)}\n")
    return load_settings(path).sandbox


@pytest.mark.parametrize(
    "requirement",
    [
        "pandas",
        "pandas>=2",
        "zope.interface ~= 7.0, != 7.1.*",
        "requests[socks,use-chardet]==2.*",
        "ruamel.yaml (>=0.18,<0.19)",
        "tomli>=2; python_version < '3.11'",
        "Foo_Bar===1.0+local.1",
        "tiny @ https://example.org/a/tiny-1.0-py3-none-any.whl#sha256=00",
        "tiny @ file:///elsewhere/tiny-1.0-py3-none-any.whl ; sys_platform == 'linux'",
    ],
)
def test_a_requirement_of_pep_508_is_taken_as_it_is(tmp_path: Path, requirement: str) -> None:
    assert sandbox(tmp_path, "packages", [requirement]).packages == (requirement,)


def test_blanks_are_straightened_and_a_repetition_counts_once(tmp_path: Path) -> None:
    assert sandbox(tmp_path, "packages", ["  a\t >=  2 ", "b", "a >= 2"]).packages == ("a >= 2", "b")
    assert sandbox(tmp_path, "packages", []).packages == ()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("pandas", r'`sandbox\.packages` is "pandas"\n.*a list of texts'),
        (["ok", 3], r"`sandbox\.packages\[1\]` is 3\n.*a requirement such as"),
        ([""], r'`sandbox\.packages\[0\]` is ""'),
        (["-r other.txt"], r'`sandbox\.packages\[0\]` is "-r other\.txt"\n.*a requirement'),
        (["--index-url=https://evil.example/simple"], r"is \"--index-url"),
        (["-e ."], "is \"-e"),
        (["pandas --index-url https://evil.example"], "is \"pandas --index-url"),
        (["pandas\n--pre"], "is \"pandas\n--pre"),
        (["pandas # why"], "is \"pandas # why"),
        (["https://example.org/x-1.0-py3-none-any.whl"], r"(?s)is \"https.*wheel that is named as"),
        (["./lib"], r"(?s)is \"\./lib.*wheel that is named as"),
        (["/srv/lib"], r"wheel that is named as"),
        (["pandas >= "], "is \"pandas >= "),
        (["pandas >2 <3"], "is \"pandas"),
        (["päckage"], "is \"päckage"),
        (["x @ file:///srv/x"], "expected a wheel"),
        (["x @ https://example.org/x-1.tar.gz"], "expected a wheel"),
        (["x @ git+https://example.org/x.git"], "expected a wheel"),
        (["x @ http://example.org/x-1-py3-none-any.whl"], "expected a wheel"),
        (["x @ file:x-1-py3-none-any.whl"], "expected a wheel"),
        (["x @ file://host/x-1-py3-none-any.whl"], "expected a wheel"),
        (["x @ https://[/x-1-py3-none-any.whl"], "expected a wheel"),
        (["x @ https://me:word@example.org/x-1-py3-none-any.whl"], "without a user, password"),
        (["x @ https://example.org/${TOKEN}/x-1-py3-none-any.whl"], "without a user, password or variable"),
    ],
)  # fmt: skip
def test_what_is_no_requirement_is_named_with_its_place(tmp_path: Path, value: object, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        sandbox(tmp_path, "packages", value)
    assert re.search(words, str(caught.value)), caught.value
    assert str(tmp_path / "codegen.toml") in str(caught.value)


def test_a_wheel_inside_the_workspace_is_refused_however_it_is_spelt(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (tmp_path / "work" / "data").mkdir(parents=True)
    outside.symlink_to(tmp_path / "work" / "data")
    for folder in (f"{tmp_path}/work/data", f"{tmp_path}/x/../work", str(outside), f"{tmp_path}/w%6Frk"):
        with pytest.raises(ConfigError, match="is a file inside the workspace"):
            sandbox(tmp_path / "work", "packages", [f"x @ file://{folder}/x-1-py3-none-any.whl"])


@pytest.mark.parametrize(
    "value", ["pandas", ["a b"], [""], ["a..b"], ["a.class"], ["-c"], [1], ["a;import os"], [".a"]]
)
def test_preload_takes_dotted_module_names_alone(tmp_path: Path, value: object) -> None:
    assert sandbox(tmp_path, "preload", ["pandas", "xml.dom"]).preload == ("pandas", "xml.dom")
    with pytest.raises(ConfigError, match=r"`sandbox\.preload.*\n.*dotted module name"):
        sandbox(tmp_path, "preload", value)


def test_the_name_in_a_requirement_is_found() -> None:
    assert name_of("requests[socks]>=2") == "requests"
    assert name_of("x @ https://example.org/y.whl") == "x"
