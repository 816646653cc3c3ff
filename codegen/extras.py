"""The optional parts of this package (pyproject.toml), and the command that adds one."""

from __future__ import annotations

from pathlib import Path

PACKAGE = "codegen-tools"


def install(extra: str) -> str:
    """What to type, from any folder, to have an extra beside what is installed: from where that came (PEP 610)."""
    return f"pip install {_source(extra)}"


def _source(extra: str) -> str:
    import json
    from importlib import metadata
    from urllib.parse import unquote, urlsplit

    named = f"{PACKAGE}[{extra}]"
    try:
        said = metadata.distribution(PACKAGE).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return f"-e '{Path(__file__).parents[1]}[{extra}]'"
    if said is None:
        return f"'{named}'"
    origin = json.loads(said)
    if "dir_info" not in origin:
        version_control = f"{origin['vcs_info']['vcs']}+" if "vcs_info" in origin else ""
        return f"'{named} @ {version_control}{origin['url']}'"
    folder = unquote(urlsplit(origin["url"]).path)
    if not Path(folder).is_dir():
        return f"'.[{extra}]', in the checkout of codegen"
    return f"{'-e ' if origin['dir_info'].get('editable') else ''}'{folder}[{extra}]'"
