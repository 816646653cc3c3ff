"""Names that came over the wire, turned into Python identifiers and file names that can't collide."""

from __future__ import annotations

import hashlib
import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

LONGEST = 100
"""Characters a name keeps before the rest becomes a hash; with `.py` it stays below every file system's 255 bytes."""

STUB_NAMES = frozenset({"UNSET", "Any", "Literal", "NotRequired", "TypedDict", "call"})
"""What a generated module imports from `_client`: nothing else in that module may be called so."""

_DEVICES = {"con", "prn", "aux", "nul"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in range(10)}
_TOOLS = STUB_NAMES | {"locals", "builtins", "lazy", "TYPE_CHECKING"} | _DEVICES
_OFFERED = {"gather", "step", "ToolError", "ToolRejected"}
"""What servers/__init__.py offers beside the servers."""
_PACKAGES = frozenset({"_client", "skills", "README", "TYPE_CHECKING"} | _OFFERED | _DEVICES)

# Letters by Unicode's book, nothing on the screen: fillers, joiners, variation selectors.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_SUFFIX = re.compile("_(?:[0-9a-f]{6})?")
_READ = 10 * LONGEST
"""Characters of a wire name that its identifier is made from; the hash is always the whole's."""


@lru_cache(maxsize=4096)
def identifier(raw: str) -> str:
    """The wire's own spelling where Python takes it, else the nearest one that it takes."""
    if len(raw) <= LONGEST and raw.isascii() and raw.isidentifier() and raw[:2] != "__" and not keyword.iskeyword(raw):
        return raw
    text = raw[:_READ].encode("utf-8", "replace").decode()
    name = unicodedata.normalize("NFKC", _UNSEEN.sub("_", text))
    name = re.sub(r"\W", "_", name)
    while name.startswith("__") and name.strip("_"):
        name = name[1:] if name[2:3].isdigit() else name[2:]
    if not name.isidentifier():
        # \w knows characters that an identifier may not hold (²), and those that may not come first (1).
        name = "".join(each if f"_{each}".isidentifier() else "_" for each in name)
        name = name if name.isidentifier() else f"_{name}"
    if not name.strip("_") and raw != name:
        name = f"unnamed_{digest(raw)}"
    if keyword.iskeyword(name):
        name += "_"
    return _short(name, raw)


def digest(raw: str) -> str:
    """Six hex digits that tell `raw` from others of its kind, the same on every machine."""
    return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def is_given_name(name: str) -> bool:
    """Whether a person may give a tool this name: it stays as it is, and nothing in a server's folder needs it."""
    known = {each.casefold() for each in _TOOLS | {"_client"}}
    return bool(name) and identifier(name) == name and name.casefold() not in known


def is_own_name(raw: str, name: str) -> bool:
    """Whether `assign_names` could have made this name from the wire's, as far as can be told without the others."""
    base = identifier(raw)
    return name == base or (name.startswith(base) and _SUFFIX.fullmatch(name, len(base)) is not None)


def assign_names(
    raws: Sequence[str], previous: Mapping[str, str] | None = None, reserved: Iterable[str] = _TOOLS
) -> dict[str, str]:
    """A module name for each tool, no two alike even where the file system ignores case.

    A name of an earlier sync is kept. A newcomer whose name is taken gets a suffix from its own raw name, so that
    adding a tool never renames another. Spellings that need no change go first.
    """
    taken = {name.casefold() for name in reserved}
    names: dict[str, str] = {}
    for raw in raws:
        kept = (previous or {}).get(raw, "")
        if kept and _is_safe(kept) and kept.casefold() not in taken:
            names[raw] = kept
            taken.add(kept.casefold())
    for raw in sorted(dict.fromkeys(raws), key=lambda each: identifier(each) != each):
        if raw not in names:
            names[raw] = _free(raw, taken)
            taken.add(names[raw].casefold())
    return {raw: names[raw] for raw in raws}


def parameter_names(raws: Sequence[str], reserved: Iterable[str]) -> dict[str, str]:
    """A parameter name for each property; where two would be the same the later one in wire order gets `_2`.

    Unlike tools these have no history: who calls a tool reads its signature.
    """
    blocked = set(reserved)
    names = {raw: raw for raw in raws if raw not in blocked and identifier(raw) == raw}
    if len(names) == len(raws):
        return names
    taken = blocked | set(names)
    for raw in raws:
        if raw not in names:
            base = identifier(raw)
            base = f"{base}_" if base in blocked else base
            name, number = base, 2
            while name in taken:
                name, number = f"{base}_{number}", number + 1
            names[raw] = name
            taken.add(name)
    return {raw: names[raw] for raw in raws}


def package_name(server: str) -> str:
    """The folder of a server whose name collides with no other's."""
    return package_names([server])[server]


def package_names(servers: Sequence[str], previous: Mapping[str, str] | None = None) -> dict[str, str]:
    """A folder below servers/ for each server, by the rules of `assign_names`."""
    return assign_names(servers, previous, _PACKAGES)


def class_name(raw: str) -> str:
    """`create-issue` and `create_issue` as `CreateIssue`; capitals inside a word stay."""
    text = raw[:200]
    text = text if text.isascii() else unicodedata.normalize("NFKC", _UNSEEN.sub("_", text))
    words = re.split(r"[\W_]+", text)
    name = identifier("".join(word[:1].upper() + word[1:] for word in words if word)[:60] or "Item")
    return name if name[0] != "_" else f"T{name}"


def _free(raw: str, taken: set[str]) -> str:
    name = identifier(raw)
    if name.casefold() not in taken:
        return name
    reserved = f"{name}_"
    if name.casefold() in _reserved_folded() and reserved.casefold() not in taken:
        return reserved
    name, salt = f"{name}_{digest(raw)}", 0
    while name.casefold() in taken:  # a server may hold the very name that the hash gives
        salt += 1
        name = f"{identifier(raw)}_{digest(f'{raw}{salt}')}"
    return name


def _reserved_folded() -> set[str]:
    return {name.casefold() for name in _TOOLS | _PACKAGES}


def _is_safe(name: str) -> bool:
    """Whether a name read back from a file is one that this module could have given."""
    return identifier(name) == name and len(name) <= LONGEST + 20


def _short(name: str, raw: str) -> str:
    if len(name) <= LONGEST and len(name.encode()) <= 2 * LONGEST and len(raw) <= _READ:
        return name
    kept = name[: LONGEST - 7]
    while len(kept.encode()) > 2 * LONGEST - 7:
        kept = kept[:-1]
    return f"{kept}_{digest(raw)}"
