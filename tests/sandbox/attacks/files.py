"""After files: secrets to read, anything but data/ to write, and traps to leave in data/."""

from __future__ import annotations

import ctypes
import glob
import os
import re
import site
import stat
import sys
import threading
from functools import partial

from attacks.told import Decoys, attack, call, first, reaches, read, secret_in


@attack()
def reads_a_secret_beside_the_workspace(decoys: Decoys) -> str:
    return secret_in(read(decoys["secret_file"]), decoys)


@attack()
def reads_the_configuration_of_the_workspace(decoys: Decoys) -> str:
    names = ("mcp.json", "codegen.toml", ".env", ".env.local", ".codegen/journal.sqlite", ".git/config")
    return first([lambda name=name: secret_in(read(name), decoys) for name in names])


@attack(rights="root")
def reads_the_password_file(_decoys: Decoys) -> str:
    return f"{len(read('/etc/shadow'))} bytes"


@attack()
def reads_what_others_keep_in_tmp(decoys: Decoys) -> str:
    return first([lambda: secret_in(read(decoys["shared_file"]), decoys), lambda: _is_listed(decoys["shared_file"])])


def _is_listed(path: str) -> str:
    return "listed" if os.path.basename(path) in os.listdir(os.path.dirname(path)) else ""


@attack()
def lists_a_home(decoys: Decoys) -> str:
    return str(os.listdir(decoys["home"]))


@attack()
def follows_a_link_out(decoys: Decoys) -> str:
    os.symlink(decoys["secret_file"], "data/link")
    try:
        return secret_in(read("data/link"), decoys)
    finally:
        os.unlink("data/link")


@attack()
def reaches_a_secret_by_a_hard_link(decoys: Decoys) -> str:
    name = f"data/hard-{os.getpid()}"
    os.link(decoys["secret_file"], name)
    try:
        return secret_in(read(name), decoys)
    finally:
        os.unlink(name)


@attack()
def moves_a_secret_in(decoys: Decoys) -> str:
    os.rename(decoys["spare_file"], "data/moved")
    return secret_in(read("data/moved"), decoys)


@attack(may_lack="luck")
def wins_a_race_of_folder_and_link(decoys: Decoys) -> str:
    """One thread swaps a folder of data/ for a link out of it, the other opens through the name."""
    os.makedirs("data/race", exist_ok=True)
    os.symlink(os.path.dirname(decoys["secret_file"]), "data/race-link")
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            for name, to in (
                ("race", "race-away"),
                ("race-link", "race"),
                ("race", "race-link"),
                ("race-away", "race"),
            ):
                os.rename(f"data/{name}", f"data/{to}")

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(3000):
            try:
                if got := secret_in(read(f"data/race/{os.path.basename(decoys['secret_file'])}"), decoys):
                    return got
            except OSError:
                continue
        return ""
    finally:
        over.set()
        swapper.join()


@attack()
def climbs_out_of_its_root(decoys: Decoys) -> str:
    path = decoys["secret_file"]
    ways = ["/.." * 20 + path, f"/proc/self/root{path}", "/proc/self/cwd" + "/.." * 20 + path]
    ways += [f"/proc/thread-self/root{path}", f"/proc/1/root{path}", f"/proc/1/cwd{'/..' * 20}{path}"]
    ways += [f"/proc/{name}/root{path}" for name in _listed("/proc") if name.isdigit()]
    return first([lambda way=way: secret_in(read(way), decoys) for way in ways])


@attack()
def finds_the_secret_below_a_mount_that_it_can_see(decoys: Decoys) -> str:
    """mountinfo tells where each mount lies outside; what if a path from there leads on?"""
    path = decoys["secret_file"]
    places = {"/"} | {field for line in _text("/proc/self/mountinfo").splitlines() for field in line.split()[3:5]}
    return first([lambda place=place: secret_in(read(place + path), decoys) for place in sorted(places)])


@attack()
def opens_it_by_a_descriptor_without_rights(decoys: Decoys) -> str:
    descriptor = os.open(decoys["secret_file"], os.O_PATH)
    return first(
        [
            lambda: secret_in(read(f"/proc/self/fd/{descriptor}"), decoys),
            lambda: secret_in(read(f"/dev/fd/{descriptor}"), decoys),
            lambda: secret_in(os.read(descriptor, 99), decoys),
        ]
    )


@attack(rights="root")
def opens_it_through_a_copy_of_the_mount(decoys: Decoys) -> str:
    tree = call(decoys, "open_tree", -100, os.path.dirname(decoys["secret_file"]).encode(), 1)
    name = os.path.basename(decoys["secret_file"])
    return secret_in(os.read(os.open(name, os.O_RDONLY, dir_fd=tree), 99), decoys)


@attack()
def opens_it_by_the_newer_call(decoys: Decoys) -> str:
    how = (ctypes.c_uint64 * 3)(os.O_RDONLY, 0, 0)
    return secret_in(os.read(call(decoys, "openat2", -100, decoys["secret_file"].encode(), how, 24), 99), decoys)


@attack(rights="root")
def opens_it_by_its_handle(decoys: Decoys) -> str:
    handle, mount = ctypes.create_string_buffer(b"\x80\0\0\0", 136), ctypes.c_int()
    call(decoys, "name_to_handle_at", -100, decoys["secret_file"].encode(), handle, ctypes.byref(mount), 0)
    beside = os.open("/tmp", os.O_RDONLY)
    return secret_in(os.read(call(decoys, "open_by_handle_at", beside, handle, 0), 99), decoys)


@attack(may_lack="an inherited descriptor")
def finds_an_inherited_descriptor(decoys: Decoys) -> str:
    for number in range(256):
        try:
            if number not in {1, 2, 3} and decoys["secret"].encode() in os.pread(number, 4096, 0):
                return f"descriptor {number}"
        except OSError:
            continue
    open_ones = [number for number in range(4, 1024) if _is_foreign(number)]
    return f"descriptors {open_ones}" if open_ones else ""


def _is_foreign(number: int) -> bool:
    """Open, and none of the pipes and null devices that this suite itself has."""
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        return False
    return stat.S_ISSOCK(mode) or stat.S_ISREG(mode) or stat.S_ISDIR(mode)


@attack(rights="root", may_lack="a block device")
def opens_the_raw_disk(_decoys: Decoys) -> str:
    disks = glob.glob("/dev/[svx]d[a-z]") + glob.glob("/dev/nvme*n1") + ["/dev/loop0"] or ["/dev/vda"]
    return first([lambda disk=disk: f"{disk} {os.open(disk, os.O_RDONLY)}" for disk in ["/dev/vda", *disks]])


@attack(rights="root", may_lack="these devices")
def opens_a_device_of_the_machine(_decoys: Decoys) -> str:
    names = ("mem", "kmsg", "kvm", "net/tun", "fuse", "loop-control", "userfaultfd", "ptmx", "vsock")
    return first([lambda name=name: f"{name} {os.open(f'/dev/{name}', os.O_RDWR)}" for name in names])


@attack(rights="root", may_lack="these files")
def reads_what_the_kernel_shows_root_alone(_decoys: Decoys) -> str:
    names = ("kpageflags", "kpagecount", "kpagecgroup", "vmallocinfo", "slabinfo", "pagetypeinfo", "kcore", "kmsg")
    names += ("timer_list", "keys", "sched_debug")
    return ", ".join(name for name in names if _gives(f"/proc/{name}"))


def _gives(path: str) -> bool:
    try:
        return bool(read(path, 8))
    except OSError:
        return False


@attack()
def sees_that_a_file_exists_and_its_size(decoys: Decoys) -> str:
    return f"{os.stat(decoys['secret_file']).st_size} bytes"


@attack()
def reads_where_a_link_outside_leads(decoys: Decoys) -> str:
    return os.readlink(decoys["link_outside"])


@attack()
def watches_a_folder_outside(decoys: Decoys) -> str:
    watcher = call(decoys, "inotify_init1", 0)
    return f"watch {call(decoys, 'inotify_add_watch', watcher, decoys['outside'].encode(), 0xFFF)}"


@attack()
def creates_a_file_outside(decoys: Decoys) -> str:
    with open(os.path.join(decoys["outside"], "new"), "w") as file:
        return f"wrote {file.write('x')}"


@attack()
def overwrites_a_file_outside(decoys: Decoys) -> str:
    with open(decoys["precious_file"], "r+") as file:
        return f"wrote {file.write('x')}"


@attack()
def writes_through_a_link(decoys: Decoys) -> str:
    os.symlink(decoys["precious_file"], "data/link-out")
    with open("data/link-out", "r+") as file:
        return f"wrote {file.write('x')}"


@attack()
def empties_a_file_outside(decoys: Decoys) -> str:
    os.truncate(decoys["precious_file"], 0)
    return "emptied" if os.stat(decoys["precious_file"]).st_size == 0 else ""


@attack()
def removes_a_file_outside(decoys: Decoys) -> str:
    os.unlink(decoys["doomed_file"])
    return "removed"


@attack()
def changes_rights_and_times_outside(decoys: Decoys) -> str:
    path = decoys["precious_file"]
    before = os.stat(path)
    return first([partial(_changed, path, before, one) for one in (_mode, _times, _attribute)])


def _changed(path: str, before: os.stat_result, change: object) -> str:
    change(path)  # type: ignore[operator]
    after = os.stat(path)
    is_other = (after.st_mode, after.st_mtime_ns, after.st_ctime_ns)
    return "changed" if is_other != (before.st_mode, before.st_mtime_ns, before.st_ctime_ns) else ""


def _mode(path: str) -> None:
    os.chmod(path, 0o777)


def _times(path: str) -> None:
    os.utime(path, (1, 1))


def _attribute(path: str) -> None:
    os.setxattr(path, "user.poison", b"1")


@attack()
def changes_a_tool(_decoys: Decoys) -> str:
    with open("servers/demo/echo.py", "a") as file:
        return f"wrote {file.write('# poisoned')}"


@attack()
def plants_compiled_code_for_a_tool(_decoys: Decoys) -> str:
    os.makedirs("servers/demo/__pycache__", exist_ok=True)
    with open(f"servers/demo/__pycache__/echo.{sys.implementation.cache_tag}.pyc", "wb") as file:
        return f"wrote {file.write(b'x')}"


@attack()
def plants_a_module_beside_the_tools(_decoys: Decoys) -> str:
    names = ("json.py", "sitecustomize.py", "skills/evil.py", "servers/evil.py", "scripts/evil.py", "mcp.json.new")
    return first([lambda name=name: _written(name) for name in names])


@attack(rights="root")
def plants_code_where_python_looks_at_its_start(_decoys: Decoys) -> str:
    folders = [*site.getsitepackages(), os.path.dirname(os.__file__), sys.prefix]
    names = ("evil_decoy.pth", "evil_decoy.py")
    return first([lambda f=f, n=n: _written(os.path.join(f, n), keep=False) for f in folders for n in names])


@attack()
def plants_code_for_its_user(decoys: Decoys) -> str:
    """In the home of whoever started all this."""
    folder = os.path.join(decoys["home"], ".local")
    os.mkdir(folder)
    return _written(os.path.join(folder, "usercustomize.py"))


def _written(path: str, *, keep: bool = True) -> str:
    with open(path, "w") as file:
        file.write("x")
    if not keep:
        os.unlink(path)
    return f"wrote {path}"


@attack()
def swaps_a_folder_of_the_workspace(_decoys: Decoys) -> str:
    return first([lambda name=name: _swapped(name) for name in ("servers", "data", "skills")])


def _swapped(name: str) -> str:
    os.rename(name, f"{name}.old")
    os.rename(f"{name}.old", name)
    return f"moved {name} away"


@attack(rights="root", may_lack="a root file system that can be written")
def writes_to_the_system(_decoys: Decoys) -> str:
    paths = ("/etc/decoy", "/usr/decoy", "/usr/lib/decoy.so", "/etc/cron.d/decoy", "/decoy", "/var/decoy", "/run/decoy")
    return first([lambda path=path: _written(path, keep=False) for path in paths])


@attack(rights="root", may_lack="these switches")
def opens_a_switch_of_the_kernel(decoys: Decoys) -> str:
    """Opened for writing; nothing is written."""
    paths = [f"/proc/sys/kernel/{name}" for name in ("core_pattern", "modprobe", "hostname", "randomize_va_space")]
    paths += ["/proc/sysrq-trigger", "/proc/sys/vm/drop_caches", "/sys/kernel/uevent_helper"]
    paths += [f"/proc/{decoys['victim']}/oom_score_adj", *glob.glob("/sys/fs/cgroup/**/cgroup.procs", recursive=True)]
    return first([lambda path=path: f"{path} {os.open(path, os.O_WRONLY)}" for path in paths])


@attack()
def opens_a_switch_of_its_own_process(_decoys: Decoys) -> str:
    names = ("oom_score_adj", "uid_map", "setgroups", "attr/current", "loginuid", "coredump_filter", "clear_refs")
    return first([lambda name=name: f"{name} {os.open(f'/proc/self/{name}', os.O_WRONLY)}" for name in names])


@attack(rights="root")
def makes_a_device(_decoys: Decoys) -> str:
    os.mknod("data/device", 0o20600, os.makedev(1, 11))
    return "a node of the kernel's log"


@attack()
def leaves_a_program_with_set_id_bits(_decoys: Decoys) -> str:
    return first([_by_chmod, _by_opening])


def _by_chmod() -> str:
    with open("data/set-id", "w") as file:
        file.write("#!/bin/sh")
    os.chmod("data/set-id", 0o6755)
    return "chmod" if os.stat("data/set-id").st_mode & 0o6000 else ""


def _by_opening() -> str:
    os.umask(0)
    os.close(os.open("data/set-id-too", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o6755))
    return "open" if os.stat("data/set-id-too").st_mode & 0o6000 else ""


@attack()
def leaves_a_pipe_that_hangs_its_reader(_decoys: Decoys) -> str:
    os.mkfifo("data/result.json")
    return "a pipe"


@attack(rights="root")
def gives_a_program_capabilities(_decoys: Decoys) -> str:
    with open("data/capable", "w") as file:
        file.write("#!/bin/sh")
    everything = b"\x01\0\0\x02" + b"\xff" * 8 + bytes(8)  # vfs_cap_data, version 2
    os.setxattr("data/capable", "security.capability", everything)
    return "set" if os.getxattr("data/capable", "security.capability") else ""


@attack(rights="root")
def changes_its_root(decoys: Decoys) -> str:
    return reaches(decoys, "chroot", b"/")


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _text(path: str) -> str:
    return re.sub(r"\\040", " ", read(path).decode())
