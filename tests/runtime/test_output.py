from __future__ import annotations

import gc
import os

import pytest

from codegen.runtime.output import Capture, shorten, write_in_data


def test_a_capture_keeps_up_to_its_cap_and_counts_the_rest():
    capture = Capture(5)
    for part in (b"abc", b"def", b"g"):
        capture.add(part)
    assert (capture.text, capture.dropped) == ("abcde", 2)


def test_bytes_that_are_no_text_are_replaced():
    capture = Capture(100)
    capture.add("ü".encode()[:1])
    capture.add("ü".encode()[1:] + b"\xff")
    assert capture.text == "ü\ufffd"


def test_a_text_within_the_limit_stays():
    assert shorten("x" * 10, 10, "file") == "x" * 10


def test_a_longer_text_keeps_head_and_tail_and_says_what_is_missing_and_where_it_is():
    short = shorten("a" * 50 + "b" * 50, 10, "data/whole.txt")
    assert short == "aaaaa\n… 90 characters left out; the whole is in data/whole.txt …\nbbbbb"


def test_a_file_is_written_below_data_and_named_from_the_workspace(tmp_path):
    assert write_in_data(tmp_path / "data", "blobs/deep/a.png", b"\x00") == "data/blobs/deep/a.png"
    assert (tmp_path / "data/blobs/deep/a.png").read_bytes() == b"\x00"
    assert write_in_data(tmp_path / "data", "blobs/b.png", b"b") == "data/blobs/b.png"


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    folder.mkdir()
    (tmp_path / "data").mkdir()
    return folder


def test_a_folder_that_is_a_link_is_not_followed(tmp_path, outside):
    (tmp_path / "data" / "blobs").symlink_to(outside)
    with pytest.raises(NotADirectoryError):
        write_in_data(tmp_path / "data", "blobs/a", b"x")
    (tmp_path / "data" / "deep").mkdir()
    (tmp_path / "data" / "deep" / "er").symlink_to(outside)
    with pytest.raises(NotADirectoryError):
        write_in_data(tmp_path / "data", "deep/er/a", b"x")
    assert list(outside.iterdir()) == []


def test_data_that_is_itself_a_link_is_not_followed(tmp_path, outside):
    (tmp_path / "data").rmdir()
    (tmp_path / "data").symlink_to(outside)
    with pytest.raises(NotADirectoryError):
        write_in_data(tmp_path / "data", "a", b"x")
    assert list(outside.iterdir()) == []


def test_a_file_that_is_there_already_also_as_a_link_is_not_written_to(tmp_path, outside):
    (tmp_path / "data" / "link").symlink_to(outside / "new")
    (tmp_path / "data" / "file").write_bytes(b"old")
    for name in ("link", "file"):
        with pytest.raises(FileExistsError):
            write_in_data(tmp_path / "data", name, b"x")
    assert list(outside.iterdir()) == []
    assert (tmp_path / "data" / "file").read_bytes() == b"old"


def test_no_descriptor_is_left_open_or_closed_twice(tmp_path, outside):
    (tmp_path / "data" / "blobs").symlink_to(outside)
    (tmp_path / "data" / "file").write_bytes(b"")
    gc.collect()  # what other tests left to be closed
    before = set(os.listdir("/proc/self/fd"))
    write_in_data(tmp_path / "data", "x/y/z", b"x")
    for name in ("blobs/a", "file/a", "file"):
        with pytest.raises(OSError, match=r"Not a directory|File exists"):
            write_in_data(tmp_path / "data", name, b"x")
    assert set(os.listdir("/proc/self/fd")) <= before
