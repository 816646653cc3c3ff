from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen.errors import SkillError
from codegen.skills.admit import admit, check_name

ENTRY = 'def main(n: int = 1) -> int:\n    """Give n."""\n    return n\n'


def refused(source: str, name: str = "report") -> str:
    with pytest.raises(SkillError) as caught:
        admit(source, name)
    return str(caught.value)


def test_main_becomes_the_function_named_like_the_skill_and_the_run_block_goes(report: str) -> None:
    admitted = admit(report, "weekly_report")
    assert admitted.source == (
        '"""Weekly report of open issues."""\n\nfrom servers.github import list_issues\n'
        "from servers import gather, ToolError  # noqa: I001\n\n\n"
        'def weekly_report(repo: str = "site", days: int = 7) -> dict[str, int]:\n'
        '    """Count open issues per label."""\n'
        '    return {issue["label"]: days for issue in list_issues(repo=repo)}  # one each\n'
    )
    assert admitted.entry == "weekly_report"
    assert admitted.signature == "skills.weekly_report(repo?: str, days?: int) -> dict[str, int]"
    assert admitted.summary == "Count open issues per label."
    assert admitted.tools == ("github.list_issues",)


@pytest.mark.parametrize(
    "ending",
    [
        "main()",
        "print(main())",
        "print(json.dumps(main(), indent=2))",
        "asyncio.run(main())",
        "print(asyncio.run(main()))",
        "sys.exit(main())",
        "raise SystemExit(main())",
        "result = main()\nprint(json.dumps(result))",
        "for row in main(int(sys.argv[1])):\n    print(row)",
        "if __name__ == '__main__':\n    import argparse\n    main(argparse.ArgumentParser().parse_args().n)",
        "if '__main__' == __name__:\n    main()",
        "x = 1; main()",
        "try:\n    main()\nexcept KeyboardInterrupt:\n    pass",
    ],
)
def test_what_only_runs_the_script_is_removed(ending: str) -> None:
    admitted = admit(f"import asyncio, json, sys\n{ENTRY}{ending}\n", "report")
    assert "main" not in admitted.source
    assert admit(admitted.source, "report") == admitted


def test_an_admitted_source_is_admitted_unchanged(report: str) -> None:
    admitted = admit(report, "weekly_report")
    assert admit(admitted.source, "weekly_report") == admitted


def test_recursion_references_and_exports_follow_the_new_name() -> None:
    source = (
        '__all__ = ["main"]\n'
        + ENTRY
        + "    \ndef twice() -> int:\n    run = main\n    return run() + main(n=main())\n\nTABLE = {'a': main}\n"
    )
    admitted = admit(source, "report")
    assert '__all__ = ["report"]' in admitted.source
    assert "return run() + report(n=report())" in admitted.source
    assert "TABLE = {'a': report}" in admitted.source


def test_other_things_called_main_keep_their_name() -> None:
    source = ENTRY + "def other(main: int, box: object) -> int:\n    box.main(main=main)\n    return main\n"
    assert "def other(main: int, box: object) -> int:\n    box.main(main=main)\n    return main\n" in (
        admit(source, "report").source
    )


def test_an_async_main_stays_async_and_says_so() -> None:
    admitted = admit(
        'import asyncio\nasync def main() -> str:\n    """Say it."""\n    return ""\nasyncio.run(main())', "report"
    )
    assert admitted.signature == "await skills.report() -> str"
    assert admitted.source.startswith("async def report()")


def test_a_function_named_like_the_skill_is_taken_before_main() -> None:
    source = 'def report() -> int:\n    """One."""\n    return 1\ndef main() -> None:\n    print(report())\nmain()\n'
    admitted = admit(source, "report")
    assert admitted.source.endswith("def main() -> None:\n    print(report())\n")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"""A.\n\n  B\n"""\ndef main() -> int:\n    return 1\n', '    """A.\n\n      B\n    """\n    return 1\n'),
        ("'one'\ndef main() -> int: return 1\n", "    'one'\n    return 1\n"),
        ('r"""a\\b"""\ndef main() -> int:\n\t# why\n\treturn 1\n', '\tr"""a\\b"""\n\t# why\n\treturn 1\n'),
    ],
)
def test_the_docstring_of_the_module_serves_a_function_without_one(source: str, expected: str) -> None:
    admitted = admit(source, "report")
    assert admitted.source.endswith(expected)
    assert admit(admitted.source, "report") == admitted


def test_a_typed_dict_result_is_spelt_by_its_keys() -> None:
    source = (
        "from typing import TypedDict\nclass Row(TypedDict):\n    number: int\n    url: str\n"
        'def main(ids: list[int], *, deep: bool = False, **rest: str) -> "list[Row]":\n    """Rows."""\n    return []\n'
    )
    assert admit(source, "rows").signature == (
        "skills.rows(ids: list[int], deep?: bool, **rest: str) -> list[{number, url}]"
    )


@pytest.mark.parametrize(
    "line",
    [
        "LIMIT = 60 * 60",
        "LIMIT: int = 3",
        "NAMES = ('a', 'b')",
        "NAMES = 'a b'.split()",
        "LABEL = re.compile(r'x', re.I)",
        "DAY = dt.timedelta(days=1)",
        "HERE = Path('data') / 'x'",
        "Rows = list[dict[str, int]]",
        "TABLE = {name: len(name) for name in ['a', 'b']}",
        "LOG = logging.getLogger(__name__)",
        "KEY = lambda row: row.pop()",
        "if TYPE_CHECKING:\n    from collections.abc import Mapping",
        "try:\n    import orjson\nexcept ImportError:\n    orjson = None",
        "@dataclass(frozen=True)\nclass Row:\n    n: int = field(default=1)\nFIRST = Row(n=1)",
        "class Row(TypedDict, total=False):\n    '''A row.'''\n    n: int",
        "class Color(Enum):\n    RED = auto()",
        "@functools.cache\ndef helper(n: int) -> int:\n    return open('x').read()",
        "T = TypeVar('T')",
        "'a note'",
    ],
)
def test_definitions_are_no_effects(line: str) -> None:
    imports = (
        "import re, logging, functools\nimport datetime as dt\nfrom dataclasses import dataclass, field\n"
        "from enum import Enum, auto\nfrom pathlib import Path\nfrom typing import TYPE_CHECKING, TypedDict, TypeVar\n"
    )
    admitted = admit(f"{imports}{line}\n{ENTRY}", "report")
    assert line in admitted.source


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("issues = list_issues(repo='x')", "<script>:2: the top level runs `list_issues(repo='x')`"),
        ("issues = github.get('x')", "runs `github.get('x')`"),
        ("TODAY = dt.date.today()", "runs `dt.date.today()`"),
        ("print('hello')", "runs `print('hello')`"),
        ("for n in range(3):\n    pass", "<script>:2: `for` at the top level"),
        ("with open('x') as f:\n    pass", "`with` at the top level"),
        ("while True: pass", "`while` at the top level"),
        ("assert 1", "`assert` at the top level"),
        ("sys.path.insert(0, '.')", "remove it: `servers` and `skills` are found without it"),
        ("def f(when: object = dt.datetime.now()) -> None: ...", "a default of `f` runs `dt.datetime.now()`"),
        ("class A:\n    rows = list_issues()", "<script>:3:"),
        ("@register(list_issues())\ndef f() -> None: ...", "the head of `f` runs"),
        ("if list_issues():\n    X = 1", "the test of this `if`"),
        ("class A:\n    def __init__(self) -> None:\n        list_issues()\nX = A()", "runs `A()`"),
        ("if __name__ == '__main__':\n    pass\nelse:\n    list_issues()", "<script>:5:"),
        ("from scripts.other import f", "scripts/ is scratch"),
        ("from skills.report import report as r", "itself"),
    ],
)
def test_an_effect_is_refused_with_its_line_and_the_way_to_mend_it(line: str, told: str) -> None:
    assert told in refused(f"import datetime as dt; from servers import github; import sys\n{line}\n{ENTRY}")


def test_everything_in_the_way_is_said_at_once() -> None:
    assert refused("print(1)\ndef main(a, b: int): pass\n").splitlines() == [
        "<script>:1: the top level runs `print(1)` on import; move it into the function",
        "<script>:2: `main` has no annotation for `a`; write a: str or so",
        "<script>:2: `main` has no return annotation; write what it gives after the parameters: -> None",
        "<script>:2: `main` has no docstring; say in one sentence below its `def` what it gives",
    ]


def test_findings_name_the_file_of_the_script() -> None:
    with pytest.raises(SkillError, match=r"^scripts/a\.py:2: the top level runs"):
        admit(f"x = 1\nprint(1)\n{ENTRY}", "report", "scripts/a.py")


@pytest.mark.parametrize(
    ("parameter", "body", "said"),
    [
        ("a=7", "return {'n': a}", ["write a: int", "-> dict[str, object]"]),
        ("*, a='x'", "return [a]", ["write a: str", "-> list[object]"]),
        ("a=[]", "if a:\n        return len(a)\n    return None", ["write a: list[object]", "-> int | None"]),
        ("a=None", "print(a)\n    def inner():\n        return 1", ["write a: str or so", "-> None"]),
        ("a", "return f'{a}' if a else a", ["write a: str or so", "-> TYPE"]),
        ("a", "return a.rows()", ["-> TYPE"]),
        ("a", "yield 1", ["-> TYPE"]),
    ],
)
def test_an_absent_annotation_is_answered_with_what_the_function_shows(parameter: str, body: str, said: list) -> None:
    told = refused(f"def main({parameter}):\n    'Give.'\n    {body}\n").splitlines()
    for line, end in zip(reversed(told), reversed(said), strict=False):
        assert line.endswith(end)


def test_a_long_list_of_findings_is_cut() -> None:
    assert refused("print(1)\n" * 20 + ENTRY).splitlines()[-1] == "and 12 more"


def test_a_script_without_main_is_told_what_to_write() -> None:
    assert "there is no function `report` or `main`" in refused("x = 1")
    flat = refused("from servers.github import list_issues\nprint(list_issues(repo='x'))\n")
    assert "<script>:2: the top level runs" in flat
    assert "def main(" in flat.splitlines()[-1]


def test_a_name_set_by_the_removed_block_and_used_by_a_function_is_refused() -> None:
    source = ENTRY + "def other() -> int:\n    return args\nif __name__ == '__main__':\n    args = 3\n    main(args)\n"
    assert "<script>:6: `args` is set where the script is run" in refused(source)
    local = ENTRY.replace("return n", "result = n\n    return result") + "result = main()\nprint(result)\n"
    assert "result = main" not in admit(local, "report").source


def test_a_name_already_taken_is_refused() -> None:
    assert "<script>:1: `report` already names something else" in refused(f"from servers.github import report\n{ENTRY}")
    hiding = ENTRY + "def other() -> int:\n    report = 1\n    return main(report)\n"
    assert "a local `report` would hide the renamed function" in refused(hiding)


def test_a_main_that_is_replaced_at_run_time_is_refused() -> None:
    assert "<script>:5: `main` is replaced at run time" in refused(
        ENTRY + "def reset() -> None:\n    global main\n    main = None\n    main\n"
    )


def test_imports_and_comments_that_are_still_needed_stay() -> None:
    source = (
        "# licence\nimport json, re\n# only to leave\nimport sys\n\nX = re.compile('a')\n"
        + ENTRY
        + "# a note\n\n# run it\nif __name__ == '__main__':\n"
        + "    print(json.dumps(main()), file=sys.stderr)\n# the end\n"
    )
    expected = "# licence\nimport re\n# only to leave\n\nX = re.compile('a')\n"
    admitted = admit(source, "report")
    assert admitted.source == expected + ENTRY.replace("main", "report") + "# a note\n# the end\n"


def test_line_ends_and_byte_order_mark_are_respected() -> None:
    admitted = admit("\ufeff" + (ENTRY + "main()\n").replace("\n", "\r\n"), "report")
    assert admitted.source == ENTRY.replace("main", "report").replace("\n", "\r\n")


@pytest.mark.parametrize(
    "name",
    ["", "class", "__init__", "_x", "a-b", "a b", "9a", "main", "servers", "json", "list", "ünïcode", "a" * 65, "../x"],
)
def test_a_name_that_can_not_be_used_is_refused(name: str) -> None:
    with pytest.raises(SkillError):
        check_name(name)


@pytest.mark.parametrize(
    "source",
    [
        "def main(:\n",
        "x = 1\0",
        "\ud800 = 1",
        "x = 1\n" * 200_000,
        "x = " + "(" * 5_000 + "1" + ")" * 5_000,
        "x = " + "-" * 50_000 + "1",
        "x = " + "+".join(["1"] * 40_000),
        "x = a" + ".b" * 40_000,
        "x = " + "[" * 150 + "]" * 150,
        "x = " + "9" * 5_000,
        "return 1",
        "await x",
        "# coding: latin-1\n",
        "# coding: nonsense\n",
        "  x = 1",
        "",
    ],
)
def test_hostile_sources_are_refused_and_nothing_breaks(source: str) -> None:
    assert refused(source)


def test_a_statement_nested_as_deep_as_allowed_is_rewritten() -> None:
    nested = "[" * 80 + "1" + "]" * 80
    assert nested in admit(f"X = {nested}\n{ENTRY}", "report").source


def test_the_code_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    assert refused(f"open({str(mark)!r}, 'w')\n{ENTRY}")
    admit(f"import {tmp_path.name.replace('-', '_')}_missing\n{ENTRY}", "report")
    assert not mark.exists()


LINES = st.sampled_from(
    [
        "import json, sys\n",
        "from servers.github import list_issues\n",
        '"""Doc."""\n',
        "# comment\n",
        "\n",
        "X = (1,\n     2)  # two\n",
        ENTRY,
        "def main() -> int: return 1\n",
        "def report(a: int) -> int:\n  'x'\n  return main()\n",
        "def helper():\n    return main() + json.loads('1')\n",
        "print(json.dumps(main()))\n",
        "if __name__ == '__main__':\n    main()\n    # last\n",
        "a = 1; main(); b = 2\n",
        "result = main(); print(result)\n",
        "class A:\n    main = 1\n    def f(self): return main()\n",
        "main = main\n",
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(LINES, max_size=7).map("".join))
def test_whatever_is_admitted_is_admitted_unchanged_and_compiles(source: str) -> None:
    try:
        admitted = admit(source, "report")
    except SkillError:
        return
    compile(admitted.source, "report.py", "exec")
    assert admit(admitted.source, "report") == admitted


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.sampled_from("\\\"'()[]{}:=.,#@ \t\r\n\f\0\ufeff\u2028ab1_main def class f"), max_size=60))
def test_noise_is_admitted_or_refused_and_never_crashes(source: str) -> None:
    try:
        admit(source, "report")
        admit(source + "\n" + ENTRY, "report")
    except SkillError:
        pass


def test_a_saved_skill_type_checks_and_works_in_the_next_script(tmp_path: Path, report: str) -> None:
    server = tmp_path / "servers" / "github"
    server.mkdir(parents=True)
    (tmp_path / "servers" / "__init__.py").write_text(
        "class ToolError(Exception): ...\ndef gather(*thunks: object) -> list[object]:\n    return []\n"
    )
    (server / "__init__.py").write_text(
        "def list_issues(*, repo: str) -> list[dict[str, str]]:\n    return [{'label': repo}]\n"
    )
    skills = tmp_path / "skills"
    skills.mkdir()
    (skills / "__init__.py").touch()
    (skills / "weekly_report.py").write_text(admit(report, "weekly_report").source)
    script = tmp_path / "next.py"
    script.write_text(
        "from skills.weekly_report import weekly_report\nn: dict[str, int] = weekly_report(days=3)\nprint(n)\n"
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert ran.stdout == "{'site': 3}\n"
    check = [sys.executable, "-m", "ty", "check", "--project", tmp_path, script]
    assert subprocess.run(check, capture_output=True, text=True, check=False, cwd=tmp_path).returncode == 0
    script.write_text("from skills.weekly_report import weekly_report\nweekly_report(days='x')\n")
    assert subprocess.run(check, capture_output=True, text=True, check=False, cwd=tmp_path).returncode == 1
