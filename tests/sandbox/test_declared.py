from __future__ import annotations

from pathlib import Path

import pytest

from codegen.sandbox.guests.declared import NotGeneratedError, read_declared

GOLDEN = Path(__file__).parents[1] / "golden"
TOOLS = sorted(path for path in GOLDEN.glob("*/*.py") if not path.stem.startswith("__"))


@pytest.mark.parametrize("path", TOOLS, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_every_generated_module_is_understood(path):
    found = read_declared(path.read_text(encoding="utf-8"), path.stem)
    assert found.name == path.stem
    assert found.server == path.parent.name


def test_the_wires_names_and_what_is_required_are_read():
    text = (GOLDEN / "names_and_collisions" / "get_item_e189d4.py").read_text(encoding="utf-8")
    found = read_declared(text, "get_item_e189d4")
    assert (found.tool, found.required, found.extra) == ("get-item", ("item_id_2",), None)
    assert found.names == {"item_id_2": "item-id", "_1st": "1st", "a_b": "a b"}
    assert "Größe" in found.optional


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def f(:",
        "def g(): return call('s', 't', {})",
        "def f(): return open('/etc/passwd')",
        "def f(): return call(*secrets)",
        "def f(): return call(__import__('os').name, 't', {})",
        "def f(): return call(1, 2, {})",
        "def f(): return call('s', 't', {}, 'names')",
        "f = 1",
        "(" * 100_000,
    ],
)
def test_what_is_not_generated_is_refused_and_nothing_of_it_is_run(text):
    with pytest.raises(NotGeneratedError):
        read_declared(text, "f")
