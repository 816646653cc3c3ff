"""Tools as typed Python modules, and scripts over them: `from codegen import search, describe`."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.workspace.find import describe as describe
    from codegen.workspace.find import search as search

__all__ = ["describe", "search"]


class _Lazy(type(sys)):  # type: ignore[misc]  # types.ModuleType, without the import
    """`search` is a function here although a folder is called so too: importing that folder must not rebind it."""

    def __getattr__(self, name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'codegen' has no attribute {name!r}", name=name, obj=self)
        from codegen.workspace import find

        return getattr(find, name)

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in __all__ and isinstance(value, type(sys))):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Lazy
