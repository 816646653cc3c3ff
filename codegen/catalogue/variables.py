"""What `${VAR}` is resolved from: this process's environment, and below it an env file outside the workspace."""

from __future__ import annotations

import os
from pathlib import Path

from codegen.config.secrets import read_env_file


def read_variables(env_file: Path) -> dict[str, str]:
    """Raises ConfigError when the file is there and can't be read."""
    return {**read_env_file(env_file), **os.environ}
