"""Which function makes vectors of texts, where codegen.toml names one: `search.embed`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from codegen.errors import ConfigError
from codegen.extras import install

STATIC = "static"
"""The static word vectors of the extra `semantic`."""
NEEDED = {STATIC: ("numpy", "tokenizers", "wordllama")}

Embed = Callable[[list[str]], Sequence[Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Meaning:
    """`name` as codegen.toml says it; `embed` gives a row of numbers for each text, always as many."""

    name: str
    embed: Embed

    def vectors(self, texts: Iterable[str]) -> bytes:
        """The vectors of texts as the index keeps them."""
        from codegen.search.vectors import packed  # and with it numpy

        return packed(self.embed, list(texts))


def meaning(name: str, root: str | os.PathLike[str]) -> Meaning | None:
    """The function that "static" or "module:function" names, None for "".

    A module inside the workspace `root` is refused: what an agent can write is never run outside of the sandbox.
    Raises ConfigError.
    """
    if not name:
        return None
    missing = [module for module in NEEDED.get(name, ("numpy",)) if find_spec(module) is None]
    if missing:
        raise ConfigError(f"codegen.toml: `search.embed` needs {', '.join(missing)}", hint=install("semantic"))
    module, _, function = ("codegen.search.static", "", "embed") if name == STATIC else name.partition(":")
    if _lies_in(module.partition(".")[0], os.path.realpath(root)):
        hint = "install it beside codegen: it runs outside of the sandbox"
        raise ConfigError(f"codegen.toml: `search.embed` names {module}, which lies in the workspace", hint=hint)
    try:
        found: Embed = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"codegen.toml: `search.embed` is {name}: {error}", hint="module:function") from error
    return Meaning(name, found)


def _lies_in(module: str, root: str) -> bool:
    """Whether a top-level module would come from a folder; asked without importing it."""
    if module == "codegen":
        return False
    spec = find_spec(module)
    places = [spec.origin if spec.has_location else "", *(spec.submodule_search_locations or ())] if spec else []
    return any(os.path.realpath(place).startswith(root + os.sep) for place in places if place)
