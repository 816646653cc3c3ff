"""A wheel made by hand: what an index would give, without an index."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile


def make_wheel(folder: Path, name: str, files: Mapping[str, str], version: str = "1.0") -> str:
    """Write a pure wheel of these files; gives the requirement that installs it."""
    inside = f"{name}-{version}.dist-info"
    texts = {
        **files,
        f"{inside}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{inside}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in texts.items())
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for path, text in texts.items():
            archive.writestr(path, text)
        archive.writestr(f"{inside}/RECORD", f"{record}{inside}/RECORD,,\n")
    return f"{name} @ {wheel.as_uri()}"


def _digest(text: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
