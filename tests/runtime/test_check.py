from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from functools import partial

import pytest

from codegen.config.paths import Workspace
from codegen.runtime.check import Checker, Finding, Script, check
from codegen.runtime.entry import entry_of
from codegen.runtime.explain import Tree
from codegen.search.names import lookup


def signature(index: str, path: str) -> str:
    hit = lookup(index, path)
    return hit.signature if hit else ""


@pytest.fixture
def tree(yard) -> Tree:
    return Tree(yard.root, partial(signature, Workspace(yard.root).index))


@pytest.fixture
def own_tree(yard, tmp_path) -> Tree:
    """A tree that a test may change."""
    shutil.copytree(yard.root / "servers", tmp_path / "servers")
    for name in ("skills", "scripts"):
        (tmp_path / name).mkdir()
    return Tree(tmp_path, lambda path: "")


def found(source: str, tree: Tree, file: str = "<stdin>") -> tuple[Finding, ...]:
    return asyncio.run(check(Script(source, file), tree))


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("def main(): pass", True),
        ("async def main(): pass", True),
        ("from skills.x import x as main", True),
        ("import main", True),
        ("def main(): pass\nmain()", False),
        ("def main(): pass\nif __name__ == '__main__':\n    main()", False),
        ("import asyncio\nasync def main(): pass\nasyncio.run(main())", False),
        ("def main(): pass\nimport atexit\natexit.register(main)", False),
        ("def main(): pass\nprint([main() for _ in range(2)])", False),
        ("def main(): pass\ndef other():\n    return main()", True),
        ("def main(): pass\nf = lambda: main()", True),
        ("def main():\n    return main", True),
        ("class main: pass", False),
        ("main = 5", False),
        ("if True:\n    def main(): pass", False),
        ("class A:\n    def main(self): pass", False),
        ("print('no main')", False),
        ("", False),
        ("def f(:", False),
        ("\x00", False),
        ("x = '\ud83d'\ndef main(): pass", False),
        ("(" * 1000, False),
    ],
)
def test_whether_main_is_called_for_the_script(source, called):
    assert entry_of(Script(source, "s.py"), ()).called is called


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("def f(:", 1, "syntax"),
        ("x = 1\nx = '\x00'", 1, "syntax"),
        ("x = '\ud83d'", 1, "syntax"),
        ("print(1)\nprint(undefined)", 2, "undefined"),
        ("import no_such_package", 1, "no_such_package"),
        ("from servers.counting import tool_22", 1, "did you mean tool_2"),
        ("from servers.countin import tool_1", 1, "did you mean counting"),
        ("from servers import countin", 1, "did you mean counting"),
        ("import servers.countin", 1, "did you mean counting"),
        ("from servers import counting\ncounting.tol_1(value=1)", 2, "did you mean tool_1"),
        ("from servers.counting import tool_1\ntool_1()", 2, "counting.tool_1(value: int"),
        ("from servers.counting import tool_1\ntool_1(valu=1)", 2, "counting.tool_1(value: int"),
        ("from servers.counting import tool_1\ntool_1(1)", 2, "counting.tool_1(value: int"),
        ("from servers.counting import tool_1 as t\nprint([t(x=1)])", 2, "counting.tool_1(value: int"),
        ("import servers.counting\nservers.counting.tool_1(x=1)", 2, "counting.tool_1(value: int"),
        ("from skills.nothing import nothing", 1, "skills"),
    ],
)
def test_what_would_fail_anyway_blocks_and_says_what_is_right(tree, source, line, said):
    blocking = [finding for finding in found(source, tree) if finding.blocking]
    assert blocking, found(source, tree)
    assert blocking[0].line == line
    assert str(blocking[0]).startswith(f"<stdin>:{line}:")
    assert any(said in str(finding) for finding in blocking)


@pytest.mark.parametrize(
    "source",
    [
        "from servers.counting import tool_1\ntool_1(value='text')",
        "x: int = 'no'",
        "try:\n    import no_such_package\nexcept ImportError:\n    pass",
        "from servers.counting import tool_1\ntool_1(value=1)['nothing']",
        "class A: pass\nA().missing",
    ],
)
def test_what_may_still_work_is_said_and_does_not_block(tree, source):
    assert not any(finding.blocking for finding in found(source, tree))


RESULTS = """
from typing import TypedDict
class Stock(TypedDict):
    sku: str
def stock() -> Stock: return {"sku": "LI-101"}
def names() -> list[str]: return []
def order(*, sku: str, count: int) -> str: return sku
"""


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("order(**stock())", "required parameter 'count'"),
        ("order(count=1, sku='x', **{**stock()})", ""),
        ("def once(*, name: str) -> None: ...\nonce(name='x', **stock())", "Argument 'sku'"),
        ("names().pop('a', None)", "Too many positional"),
        ("names().index()", "required parameter 'value'"),
        ("match stock():\n    case [*rows]: pass\nprint(rows)", "'rows' used when not defined"),
        ("match stock():\n    case str() as text: found = 1\nprint(text, found)", "'text' used when not defined"),
        ("if stock() is None:\n    said = 'none'\nprint(said)", "'said' used when not defined"),
    ],
)
def test_a_result_may_be_of_another_type_than_those_before_so_that_blocks_nothing(tree, source, rule):
    findings = found(RESULTS + source, tree)
    assert any(rule in str(finding) for finding in findings) or not rule
    assert not any(finding.blocking for finding in findings), findings


@pytest.mark.parametrize(
    "source",
    [
        "order(count=1, **{})\norder(count=1)",
        "order(sko='x', **stock())",
        "class Own:\n    def method(self, a): ...\nOwn().method()",
        "if stock() is None:\n    said = 1\nprint(sayd)",
        "print(said)\nsaid = 1",
    ],
)
def test_what_is_wrong_whatever_results_are_blocks(tree, source):
    assert any(finding.blocking for finding in found(RESULTS + source, tree)), found(RESULTS + source, tree)


@pytest.mark.parametrize(
    "source",
    [
        "from servers.counting import tool_1\nprint(tool_1(value=1)['value'] + 1)",
        "import servers.counting\nservers.counting.tool_1(value=1)",
        "from servers import ToolError, counting, gather\ngather(lambda: counting.tool_1(value=1))",
        "from codegen import describe, search\nprint(search('x'), describe('y'))",
        "print(__name__, __file__)",
        "",
    ],
)
def test_a_right_script_has_no_findings(tree, source):
    assert found(source, tree) == ()


def test_a_tool_that_codegen_toml_renamed_is_found_by_the_servers_name(own_tree):
    known = {"counting.add_one": "counting.tool_1(value: int) -> int"}
    (finding,) = found("from servers.counting import add_one", Tree(own_tree.root, lambda path: known.get(path, "")))
    assert finding.blocking
    assert finding.hint == "counting.tool_1(value: int) -> int"


def test_modules_beside_the_script_are_found(own_tree):
    (own_tree.root / "scripts" / "mine.py").write_text("def f(x: int) -> int:\n    return x\n")
    assert found("from mine import f\nf(1)", own_tree, "scripts/a.py") == ()
    assert found("from mine import f\nf()", own_tree, "scripts/a.py")[0].blocking
    assert found("from mine import f\nf(1)", own_tree, "<stdin>")[0].blocking


def test_the_same_source_may_be_checked_many_times_at_once(tree):
    async def main() -> list[tuple[Finding, ...]]:
        return await asyncio.gather(*(check(Script("print(undefined)", "a.py"), tree) for _ in range(8)))

    assert all(each[0].blocking for each in asyncio.run(main()))
    assert list((tree.root / ".codegen" / "check").iterdir()) == []


SCRIPT = Script(
    "from mine import f\nfrom skills.own import g\nfrom servers.counting.new import new\nf(); g(); new()",
    "scripts/a.py",
)


def test_findings_are_remembered_until_something_they_may_depend_on_changes(own_tree, monkeypatch):
    root, checker = own_tree.root, Checker(own_tree)

    def names() -> str:
        return " ".join(finding.message for finding in asyncio.run(checker.check(SCRIPT)))

    assert all(name in names() for name in ("mine", "skills.own", "new"))
    (root / "servers" / "counting" / "new.py").write_text("def new() -> None: ...\n")
    assert "new" not in names()
    (root / "skills" / "own.py").write_text("def g(x): ...\n")
    assert "skills.own" not in names()
    assert "'x'" in names()
    (root / "skills" / "own.py").write_text("def g(): ...\n")
    assert "'x'" not in names()
    (root / "scripts" / "mine.py").write_text("def f(): ...\n")
    assert names() == ""
    (root / "scripts" / "mine.py").write_text("def other(): ...\n")
    assert "'f'" in names()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(root))
    assert "not type-checked" in names(), "another environment is another check"


def test_what_is_remembered_takes_no_second_look(own_tree, monkeypatch):
    checker = Checker(own_tree)
    first = asyncio.run(checker.check(SCRIPT))
    monkeypatch.setenv("PATH", "")
    (own_tree.root / ".codegen" / "check").rmdir()
    assert asyncio.run(checker.check(SCRIPT)) is first
    assert not (own_tree.root / ".codegen" / "check").exists()


def test_it_remembers_only_so_many(own_tree):
    checker = Checker(own_tree)
    checker.REMEMBERED = 2

    async def main() -> None:
        first = await checker.check(Script("def a(:", "a.py"))
        assert await checker.check(Script("def a(:", "a.py")) is first
        for name in ("b", "c"):
            await checker.check(Script(f"def {name}(:", "a.py"))
        assert await checker.check(Script("def a(:", "a.py")) is not first

    asyncio.run(main())


def test_without_ty_the_script_runs_unchecked_and_that_is_said(own_tree, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    (finding,) = found("print(1)", own_tree)
    assert not finding.blocking
    assert "ty is not installed" in finding.message


def test_packages_for_scripts_are_seen_from_the_moment_they_are_there(own_tree, tmp_path_factory):
    library = tmp_path_factory.mktemp("cache") / "lib"
    tree = replace(own_tree, packages=(library,))
    checker = Checker(tree)
    script = Script("import tiny\nprint(tiny.size(1, 2))\n", "<stdin>")
    (missing,) = asyncio.run(checker.check(script))
    assert missing.blocking
    assert (
        missing.hint
        == 'not installed for scripts: add "tiny" to [sandbox] packages in codegen.toml, then: codegen sync'
    )
    (library / "tiny").mkdir(parents=True)
    (library / "tiny" / "__init__.py").write_text("def size(one: int) -> int:\n    return one\n")
    (library / "tiny" / "py.typed").touch()
    (wrong,) = asyncio.run(checker.check(script))
    assert "Too many positional arguments" in wrong.message


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("import sklearn.svm", 'add "scikit-learn" to [sandbox] packages'),
        ("from PIL import Image", 'add "pillow" to [sandbox] packages'),
        ("import libcst.no_such_part", ""),
        ("import json.no_such_part", ""),
        ("import skills.no_such_skill", ""),
    ],
)
def test_a_package_that_is_not_there_is_asked_for_by_the_name_it_is_installed_by(own_tree, source, hint):
    (finding,) = found(source, own_tree)
    assert finding.blocking
    assert hint in finding.hint
    assert bool(hint) == bool(finding.hint)
