from __future__ import annotations

from pathlib import Path

import pytest

from codegen.sandbox.layout import lay_out


def laid_out(read_only: list[Path], writable: list[Path], under: Path) -> list[str]:
    return [
        f"{'link' if place.link else 'write' if place.writable else 'read'} {Path(place.path).relative_to(under)}"
        for place in lay_out([str(path) for path in read_only], [str(path) for path in writable])
    ]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "usr" / "bin").mkdir(parents=True)
    (tmp_path / "usr" / "bin" / "python").write_text("")
    (tmp_path / "bin").symlink_to("usr/bin")
    return tmp_path


def test_outer_paths_come_first_and_links_last(root):
    listed = [root / "bin", root / "usr" / "bin" / "python"]
    assert laid_out(listed, [root / "usr"], root) == ["write usr", "read usr/bin/python", "link bin"]


def test_what_an_outer_path_of_the_same_kind_shows_is_left_out(root):
    assert laid_out([root / "usr" / "bin", root / "usr", root / "gone"], [], root) == ["read usr"]


def test_a_path_through_a_listed_link_leaves_the_link_as_it_is(root):
    """An interpreter that was started as /bin/python3 must not make /bin a folder that holds nothing else."""
    assert laid_out([root / "bin", root / "bin" / "python", root / "usr"], [], root) == ["read usr", "link bin"]


def test_a_path_through_a_link_that_is_not_listed_is_shown_where_it_was_asked_for(root):
    assert laid_out([root / "bin" / "python"], [], root) == ["read bin/python"]


@pytest.mark.parametrize("name", ["bin", "usr/bin/python"])
def test_only_a_real_folder_can_be_writable(root, name):
    with pytest.raises(NotADirectoryError):
        lay_out([], [str(root / name)])
