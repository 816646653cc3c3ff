from __future__ import annotations

import pytest

from codegen.skills.admit import admit
from codegen.skills.skill import Admitted

REPORT = '''"""Weekly report of open issues."""
import json

from servers.github import list_issues
from servers import gather, ToolError  # noqa: I001


def main(repo: str = "site", days: int = 7) -> dict[str, int]:
    """Count open issues per label."""
    return {issue["label"]: days for issue in list_issues(repo=repo)}  # one each


if __name__ == "__main__":
    print(json.dumps(main()))
'''


@pytest.fixture
def report() -> str:
    return REPORT


@pytest.fixture
def admitted(report: str) -> Admitted:
    return admit(report, "weekly_report")


@pytest.fixture
def changed(report: str) -> Admitted:
    """The same script with one more line."""
    return admit(report.replace("# one each", "# two each"), "weekly_report")
