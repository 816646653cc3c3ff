"""Tools as typed Python modules, and scripts over them: `from codegen import codemode, search, describe`."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.codemode.codemode import codemode as codemode
    from codegen.codemode.codemode import codemode_async as codemode_async
    from codegen.codemode.functions import hints as hints
    from codegen.codemode.result import CodeModeResult as CodeModeResult
    from codegen.config.paths import Workspace as Workspace
    from codegen.runtime.approval import Verdict as Verdict
    from codegen.workspace.find import describe as describe
    from codegen.workspace.find import search as search

_HOMES = {
    "CodeModeResult": "codegen.codemode.result",
    "Verdict": "codegen.runtime.approval",
    "Workspace": "codegen.config.paths",
    "codemode": "codegen.codemode.codemode",
    "codemode_async": "codegen.codemode.codemode",
    "describe": "codegen.workspace.find",
    "hints": "codegen.codemode.functions",
    "search": "codegen.workspace.find",
}
__all__ = ["CodeModeResult", "Verdict", "Workspace", "codemode", "codemode_async", "describe", "hints", "search"]


class _Lazy(type(sys)):  # type: ignore[misc]  # types.ModuleType, without the import
    """`search` is a function here although a folder is called so too: importing that folder must not rebind it."""

    def __getattr__(self, name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'codegen' has no attribute {name!r}", name=name, obj=self)
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, type(sys))):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Lazy
