"""What to do about a finding: the nearest right name, or the right signature."""

from __future__ import annotations

import ast
import re
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codegen.errors import nearest

_DISTRIBUTIONS = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "fitz": "pymupdf",
    "PIL": "pillow",
    "pptx": "python-pptx",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""What is installed under another name than it is imported by: the name itself may be a stranger's package."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Where names are looked up: the workspace's root, a tool's or skill's call-ready line by its path, and folders of
    packages that are there for scripts beside those of this Python.
    """

    root: Path
    signature: Callable[[str], str]
    packages: tuple[Path, ...] = ()


def hint(message: str, line: int, column: int, module: ast.Module, tree: Tree) -> str:
    """The nearest right name, or the signature of the tool or skill that is called at a place; empty when neither."""
    if absent := re.search(r"odule `servers(?:\.(\w+))?` has no member `(\w+)`", message):
        return _nearest_tool(absent[1] or "", absent[2], tree)
    if absent := re.search(r"Cannot resolve imported module `servers\.([\w.]+)`", message):
        server, _, tool = absent[1].partition(".")
        if not (tree.root / "servers" / server).is_dir():
            close = nearest(server, (path.name for path in (tree.root / "servers").glob("*/")))
            return f"{close or 'servers/README.md lists what is there;'} after a change of mcp.json: codegen sync"
        return _nearest_tool(server if tool else "", tool or server, tree)
    if absent := re.search(r"Cannot resolve imported module `(\w+)[\w.]*`", message):
        return _package(absent[1], tree)
    path = _called(module, line, column)
    return tree.signature(path) if path else ""


def signature_after(errors: str, source: str, tree: Tree) -> str:
    """The signature of the tool that a script called with arguments which its function doesn't take, by what the script
    wrote as it failed; empty when it is none. Names that are only known at run time (`f(**d)`) pass every check.
    """
    wrong = re.search(r"^TypeError: (\w+)\(\) (?:got|missing|takes) .*\Z", errors.rstrip(), re.MULTILINE)
    if wrong is None:
        return ""
    below = (dotted.partition(".")[2] for _, dotted in _imported(ast.parse(source)))
    paths = (path if path.endswith(f".{wrong[1]}") else f"{path}.{wrong[1]}" for path in below)
    return next(filter(None, map(tree.signature, paths)), "")


def wall_after(errors: str, root: Path) -> str:
    """What a script that failed at the sandbox must know of it, by what it wrote as it failed; empty where it was
    something else, or a tool. An exception that led to the last one counts as that one does.

    Inside the sandbox `socket()` is refused, names aren't resolved, what isn't data/ can't be written, and what isn't
    below `root` can't be seen.
    """
    parts = _LED_TO.split(errors.rstrip())
    if _OF_A_TOOL.search(parts[-1]):
        return ""
    return next(filter(None, (_wall(part, root) for part in reversed(parts))), "")


_OF_A_TOOL = re.compile(r"^[\w.]*Tool(?:Error|Rejected)\b", re.MULTILINE)
_LED_TO = re.compile(r"\n\n(?:The above|During handling of the above) exception.*\n\n")
_NO_NETWORK = re.compile(
    r"name resolution|not known|nodename nor servname|Network is unreachable|resolve host|Connection refused"
    r"|Connect call failed"
)
_NO_WRITING = re.compile(r"\[Errno (?:1|13|30)\] [\w -]+: '|unable to open database file|a readonly database")
_NOT_SEEN = re.compile(r"\[Errno 2\] [\w -]+: '(/[^']*|mcp\.json|codegen\.toml|\.(?:codegen|git|env)\b[^']*)'")


def _wall(error: str, root: Path) -> str:
    *above, last = error.split("\n")[-4:]
    if not re.match(r"[\w.]+: ", last) or _OF_A_TOOL.search(error):
        return ""
    if _NO_NETWORK.search(last) or ("[Errno 1]" in last and any("socket" in line for line in above)):
        return "the sandbox has no network: what a script needs from outside it gets by tools (codegen search)"
    if _NO_WRITING.search(last):
        return "the sandbox lets a script write below data/ alone, and read the workspace without its secrets"
    if (path := _NOT_SEEN.search(last)) and not path[1].startswith(f"{root}/"):
        return "the sandbox shows a script the workspace alone, without its secrets: other files go to data/ first"
    return ""


def _package(module: str, tree: Tree) -> str:
    """Where a package is asked for; nothing for a part of one that is there."""
    folders = (*tree.packages, Path(sysconfig.get_path("purelib")), tree.root)
    is_there = any(folder.joinpath(name).exists() for folder in folders for name in (module, f"{module}.py"))
    if is_there or module in sys.stdlib_module_names or module in {"servers", "skills"}:
        return ""
    name = _DISTRIBUTIONS.get(module, module)
    return f'not installed for scripts: add "{name}" to [sandbox] packages in codegen.toml, then: codegen sync'


def _nearest_tool(server: str, name: str, tree: Tree) -> str:
    if renamed := tree.signature(f"{server}.{name}"):  # the server's own name of a tool
        return renamed
    folder = tree.root / "servers" / server
    known = [p.stem if p.suffix == ".py" else p.name for p in folder.glob("*") if p.name[0] not in "_."]
    close = nearest(name, (each for each in known if each != "README.md"))
    look = f'codegen search "{name.replace("_", " ")}"'
    return f"{close} or: {look}" if close else look


def _called(module: ast.Module, line: int, column: int) -> str:
    """`server.tool` of the innermost call around a place, by the script's own imports; empty when it is none."""
    names = dict(_imported(module))
    best: tuple[int, str] = (1 << 30, "")
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _covers(node, line, column):
            path = _resolve(node.func, names)
            size = ((node.end_lineno or line) - node.lineno) * 10_000 + (node.end_col_offset or 0)
            if path and size < best[0]:
                best = (size, path)
    return best[1]


def _covers(node: ast.Call, line: int, column: int) -> bool:
    end = (node.end_lineno or node.lineno, (node.end_col_offset or 0) + 1)
    return (node.lineno, node.col_offset + 1) <= (line, column) <= end


def _imported(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Local name -> dotted path below `servers` or `skills`, for every import in the script."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"servers", "skills"}:
            base = str(node.module)
            yield from ((alias.asname or alias.name, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)


def _resolve(node: ast.expr, names: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    dotted = ".".join([names.get(node.id, node.id), *parts])
    root, *rest = dotted.split(".")
    if root == "skills":
        return f"skills.{rest[0]}" if rest else ""
    return ".".join(rest[:2]) if root == "servers" and len(rest) >= 2 else ""
