from __future__ import annotations

import pytest

from codegen.sandbox.guests.monty_source import SubsetError, read_program


@pytest.fixture
def root(tmp_path):
    (tmp_path / "skills").mkdir()
    (tmp_path / "servers" / "shop").mkdir(parents=True)
    return tmp_path


def spans(program):
    data = program.text.encode()
    return sorted(data[start:end].decode() for start, end in program.parallel)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from servers import gather as g; x = 1", "g = _codegen_gather; x = 1"),
        (
            "from servers import (\n    gather,\n    shop,\n)\nx",
            "gather = _codegen_gather; from servers import shop; (\n\n\n)\nx",
        ),
        ("é = 'ü'; from servers import ToolError", "é = 'ü'; ToolError = RuntimeError"),
        ("from servers.shop.buy import buy as b", "from servers.shop import buy as b"),
        ("from servers.shop import buy\nimport json\nfrom os import path", None),
        ("a = 1\r\nfrom servers import gather\r\nb = 2\r\n", "a = 1\ngather = _codegen_gather\nb = 2\n"),
    ],
)
def test_only_imports_of_what_is_no_tool_are_replaced_and_lines_keep_their_numbers(root, source, expected):
    assert read_program(source, root).text == (source if expected is None else expected)


@pytest.mark.parametrize(
    ("source", "servers"),
    [
        ("import servers.shop", {"shop"}),
        ("import servers.shop.buy as b", {"shop"}),
        ("from servers import shop, gather", {"shop"}),
        ("def f():\n    from servers.shop import buy", {"shop"}),
        ("import servers", None),
        ("import json", set()),
    ],
)
def test_the_servers_that_a_script_names_are_found(root, source, servers):
    assert read_program(source, root).servers == servers


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("lambda: f(a=1), lambda: g()", ["f(a=1)", "g()"]),
        ("*(lambda x=x: f(x='é') for x in xs)", ["f(x='é')"]),
        ("*[lambda: f(), lambda: g()]", ["f()", "g()"]),
        ("lambda: f(a=g())", ["f(a=g())"]),
        ("lambda: f()['x'], lambda: 1, f, functools.partial(f)", []),
        ("*sorted(xs, key=lambda x: f(x))", []),
    ],
)
def test_calls_that_are_all_of_a_function_given_to_gather_are_found(root, arguments, found):
    program = read_program(f"from servers import gather\ngather({arguments})", root)
    assert spans(program) == found


@pytest.mark.parametrize(
    "line", ["def gather(*x): pass", "gather = print", "def f(gather): pass", "import a as gather"]
)
def test_a_name_that_may_be_somebody_elses_is_not_taken_for_gather(root, line):
    assert not read_program(f"from servers import gather\n{line}\ngather(lambda: f())", root).parallel


def test_skills_come_before_those_that_import_them_and_share_no_lines(root):
    (root / "skills/a.py").write_text("from skills.b import b\n\ndef a(): pass\n")
    (root / "skills/b.py").write_text("def b():\n    pass\n")
    program = read_program("from skills.a import a\nfrom skills.b import b", root)
    first, second = program.skills
    assert (first.name, second.name) == ("b", "a")
    assert second.offset >= first.offset + first.text.count("\n")
    assert program.text == 'a = _codegen_skills["a"]["a"]\nb = _codegen_skills["b"]["b"]'


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import skills.a", "from skills.NAME import NAME"),
        ("from skills import a", "from skills.NAME import NAME"),
        ("from skills.a import *", "from skills.NAME import NAME"),
        ("from . import a", "relative imports"),
        ("from skills.circle import circle", "skills that import each other"),
        ("from skills.broken import broken", "the skill 'broken' doesn't parse"),
    ],
)
def test_an_import_that_cannot_be_served_is_refused_at_its_line(root, source, said):
    (root / "skills/circle.py").write_text("from skills.circle import circle\n")
    (root / "skills/broken.py").write_text("def (\n")
    with pytest.raises(SubsetError, match=said) as refused:
        read_program(f"\n{source}", root)
    assert refused.value.line in {2, None}
