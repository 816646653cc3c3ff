from __future__ import annotations

import importlib
import importlib.util
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from codegen import stub
from codegen.generate.package import Package, generate_package, generate_root
from codegen.generate.write import write_tree
from codegen.model import Catalogue, ServerInfo, Tool

_NUMBERS = itertools.count()


@pytest.fixture
def tool() -> Callable[..., Tool]:
    """A tool from its properties, or from a whole input schema."""

    def make(
        properties: dict[str, Any] | None = None,
        *,
        name: str = "do_it",
        required: tuple[str, ...] = (),
        schema: dict[str, Any] | None = None,
        output: dict[str, Any] | None = None,
        server: str = "srv",
        **wire: Any,
    ) -> Tool:
        if schema is None:
            schema = {"type": "object", "properties": properties or {}, "required": list(required)}
        more = {} if output is None else {"outputSchema": output}
        return Tool(server, name, {"name": name, "inputSchema": schema, **more, **wire})

    return make


class Tree:
    """A generated tree that was imported under a name of its own, with `exchange` replaced."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sent: list[dict[str, Any]] = []
        self.client = importlib.import_module(f"{root.name}._client")
        self.client.exchange = self._exchange

    def _exchange(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def module(self, package: str) -> ModuleType:
        return importlib.import_module(f"{self.root.name}.{package}")

    def arguments(self, package: str, function: str, /, **given: Any) -> Any:
        """What leaves for the server when the function is called."""
        self.sent.clear()
        getattr(self.module(package), function)(**given)
        return self.sent[0]["arguments"]


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Callable[..., Tree]]:
    """Generate tools into a tree on disk and import it."""
    made: list[str] = []

    def make(*tools: Tool) -> Tree:
        by_server: dict[str, list[Tool]] = {}
        for each in tools:
            by_server.setdefault(each.server, []).append(each)
        packages: list[Package] = [generate_package(Catalogue(ServerInfo(s), tuple(t))) for s, t in by_server.items()]
        assert [problem for package in packages for problem in package.problems] == []
        root = tmp_path / f"tree{next(_NUMBERS)}"
        wanted = {f"{p.folder}/{name}": text for p in packages for name, text in p.files.items()}
        write_tree(root, {**generate_root(packages), **wanted}, set())
        made.append(root.name)
        return Tree(root)

    sys.path.insert(0, str(tmp_path))
    importlib.invalidate_caches()
    yield make
    sys.path.remove(str(tmp_path))
    for name in [each for each in sys.modules if each.split(".")[0] in made]:
        del sys.modules[name]


@pytest.fixture
def client_scope(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """Execute a module's text without a file; its calls give the message that would leave."""
    spec = importlib.util.spec_from_file_location("scoped._client", stub.__file__)
    assert spec is not None
    assert spec.loader is not None
    client = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(client)
    client.__dict__["exchange"] = lambda message: message
    for name in ("scoped", "scoped.package"):
        package = ModuleType(name)
        package.__path__ = []
        monkeypatch.setitem(sys.modules, name, package)
    monkeypatch.setitem(sys.modules, "scoped._client", client)

    def execute(text: str) -> dict[str, Any]:
        scope: dict[str, Any] = {"__name__": "scoped.package.tool", "__package__": "scoped.package"}
        exec(compile(text, "generated", "exec"), scope)
        return scope

    return execute
