from __future__ import annotations

import pytest

from codegen.journal.write import Journal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "workspace" / ".codegen" / "journal.sqlite"


@pytest.fixture
def journal(path):
    journal = Journal(path)
    yield journal
    journal.close()
