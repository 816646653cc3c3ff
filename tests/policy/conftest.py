from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.config.settings import load_settings
from codegen.policy.policy import Policy, open_policy


@pytest.fixture
def policy(tmp_path: Path) -> Callable[[str], Policy]:
    """The policy that the text of a codegen.toml says."""

    def read(text: str) -> Policy:
        file = tmp_path / "codegen.toml"
        file.write_text(text)
        return open_policy(load_settings(file))

    return read
