"""A world of its own: user, mount, process, network, IPC and host name namespaces, and a root of chosen paths.

Needs Linux 5.12 (mount_setattr). Every import here is paid by every cold start.
"""
# pathlib would cost each start 3 ms:
# ruff: noqa: PTH101, PTH103, PTH113, PTH116, PTH120, PTH211

from __future__ import annotations

import os
import stat
import struct

from codegen.sandbox.layout import lay_out
from codegen.sandbox.linux.kernel import invoke, syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.sandbox.layout import Place
    from codegen.sandbox.plan import World

INSIDE_ID = 1000
"""User and group as the script sees them, whoever runs it."""

_MOUNT, _UTS, _IPC, _USER, _PID, _NET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_OF_ALL = _MOUNT | _UTS | _IPC | _USER | _NET
OF_A_RUN = _MOUNT | _IPC | _USER | _PID
"""What each run has for itself: processes, System V objects, mounts, and a count of its processes (its user)."""

_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_EXEC = 1, 2, 4, 8
_RECURSIVE, _PRIVATE, _DETACH = 0x4000, 1 << 18, 2
_AT_HERE, _AT_NO_FOLLOW, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x100, 0x1000, 0x8000
_CLONE, _CLOSE_ON_EXEC, _FROM_DESCRIPTOR = 1, 0o2000000, 4
DEVICES = ("null", "zero", "full", "random", "urandom")
_SCAFFOLD = "/tmp"  # noqa: S108  # any folder does: the new root is put together on top of it, unseen by others
_PRIVATE_FOLDERS = ("/tmp", "/dev/shm")  # noqa: S108  # each run's own
PASSWD = f"script:x:{INSIDE_ID}:{INSIDE_ID}::/tmp:/bin/sh\n"
GROUP = f"script:x:{INSIDE_ID}:\n"


def enter() -> None:
    """Move this process to new namespaces, in which it may do what follows."""
    user, group = os.getuid(), os.getgid()
    invoke("unshare", _OF_ALL)
    _map_ids(user, group)


def _map_ids(user: int, group: int) -> None:
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{INSIDE_ID} {user} 1")
    _write("/proc/self/gid_map", f"{INSIDE_ID} {group} 1")


def roots_alone() -> list[str]:
    """What /proc shows to root alone, and keys, which it shows by owner: to be hidden from a script when root is who we
    are, here or outside this user namespace.
    """
    if os.stat("/proc/version").st_uid != os.getuid():
        return []
    names = [name for name in os.listdir("/proc") if not name.isdigit() and os.path.isfile(f"/proc/{name}")]
    return [name for name in names if name == "keys" or not os.stat(f"/proc/{name}").st_mode & stat.S_IROTH]


def build_root(wall: World) -> World:
    """Make the listed paths the whole file system; gives what of them every run has to find in its own /tmp again.

    Every source is cloned before the scaffold hides anything, so that a workspace may lie in /tmp. The outer /proc
    stays: the kernel allows a fresh one only while an unmasked one is in sight, and each run covers it with its own.
    """
    invoke("mount", None, b"/", None, _RECURSIVE | _PRIVATE, None)
    trees = [_Tree(place) for place in lay_out(wall["read_only"], wall["writable"])]
    devices = [(name, _clone(f"/dev/{name}", 0)) for name in DEVICES]
    proc = _clone("/proc", 0)
    _tmpfs(_SCAFFOLD, 1 << 22, 0o755)
    os.chdir(_SCAFFOLD)
    for folder in _PRIVATE_FOLDERS:
        os.makedirs(folder[1:])
    _attach_all(trees)
    for name, tree in devices:
        _attach(tree, f"dev/{name}", is_folder=False)
    _attach(proc, "proc", is_folder=True)
    _write_files()
    invoke("pivot_root", b".", b".")
    invoke("umount2", b".", _DETACH)
    os.chdir("/")
    _set_attributes(_AT_HERE, b"/", 0, _READ_ONLY | _NO_SUID | _NO_DEVICES)
    return {**wall, "read_only": _private(wall["read_only"]), "writable": _private(wall["writable"])}


def renew(view: World, scratch_bytes: int, masked: list[str]) -> None:
    """Give this process, the first of new namespaces, its own /proc (without the masked files), /tmp and /dev/shm."""
    _map_ids(INSIDE_ID, INSIDE_ID)
    os.chdir("/")
    trees = [_Tree(place) for place in lay_out(view["read_only"], view["writable"])]
    for folder in _PRIVATE_FOLDERS:
        _tmpfs(folder, scratch_bytes, 0o1777)
    _attach_all(trees)
    invoke("mount", b"proc", b"/proc", b"proc", _NO_SUID | _NO_DEVICES | _NO_EXEC | _READ_ONLY, None)
    for name in masked:
        if os.path.lexists(f"/proc/{name}"):
            _attach(_clone("/dev/null", _READ_ONLY), f"proc/{name}", is_folder=False)


def _private(paths: list[str]) -> list[str]:
    return [path for path in paths if path.startswith(tuple(f"{folder}/" for folder in _PRIVATE_FOLDERS))]


class _Tree:
    """A place of the new root, with the detached copy of its mount unless it is a link."""

    __slots__ = ("descriptor", "place")

    def __init__(self, place: Place) -> None:
        attributes = _NO_SUID | _NO_DEVICES | (0 if place.writable else _READ_ONLY)
        self.place = place
        self.descriptor = -1 if place.link else _clone(place.path, attributes)


def _clone(path: str, attributes: int) -> int:
    """A private, detached copy of the mount at `path` and all below it, with these attributes throughout."""
    flags = _CLONE | _CLOSE_ON_EXEC | _AT_RECURSIVE | _AT_NO_FOLLOW
    tree = syscall(f"open_tree {path}", 428, _AT_HERE, os.fsencode(path), flags)
    if attributes:
        _set_attributes(tree, b"", _AT_EMPTY_PATH | _AT_RECURSIVE, attributes)
    return tree


def _set_attributes(folder: int, path: bytes, flags: int, attributes: int) -> None:
    change = struct.pack("=QQQQ", attributes, 0, 0, 0)
    syscall("mount_setattr", 442, folder, path, flags, change, len(change))


def _attach_all(trees: list[_Tree]) -> None:
    for tree in trees:
        inside = tree.place.path.lstrip("/")
        if not tree.place.link:
            _attach(tree.descriptor, inside, is_folder=tree.place.is_folder)
        elif not os.path.lexists(inside):
            os.makedirs(os.path.dirname(inside) or ".", exist_ok=True)
            os.symlink(tree.place.link, inside)
    for tree in trees:
        _seal(os.path.dirname(tree.place.path.lstrip("/")))


def _seal(folder: str) -> None:
    """A workspace below /tmp has its outer folders in the writable /tmp: what is written there would vanish unseen."""
    while folder.startswith("tmp/"):
        if os.stat(folder).st_dev == os.stat("tmp").st_dev:
            os.chmod(folder, 0o555)  # noqa: S103  # it takes rights away
        folder = os.path.dirname(folder)


def _attach(tree: int, inside: str, *, is_folder: bool) -> None:
    if is_folder:
        os.makedirs(inside, exist_ok=True)
    elif not os.path.lexists(inside):
        os.makedirs(os.path.dirname(inside) or ".", exist_ok=True)
        _write(inside, "")
    syscall(f"move_mount {inside}", 429, tree, b"", _AT_HERE, os.fsencode(inside), _FROM_DESCRIPTOR)
    os.close(tree)


def _tmpfs(folder: str, size: int, mode: int) -> None:
    options = f"size={size},mode={mode:o},nr_inodes=65536".encode()
    invoke("mount", b"tmpfs", os.fsencode(folder), b"tmpfs", _NO_SUID | _NO_DEVICES, options)


def _write_files() -> None:
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{target}", f"dev/{name}")
    os.makedirs("etc", exist_ok=True)
    for name, text in (("etc/passwd", PASSWD), ("etc/group", GROUP)):
        if not os.path.lexists(name):
            _write(name, text)


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
