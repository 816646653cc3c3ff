from __future__ import annotations

import errno
import struct

import pytest

from codegen.sandbox.linux.seccomp import program
from codegen.sandbox.linux.syscalls import MACHINES

ALLOW, KILL, REFUSE, ABSENT = 0x7FFF0000, 0x80000000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS


def answer(code: bytes, audit: int, number: int, *arguments: int) -> int:
    """What the kernel would answer: an interpreter for the few instructions that are used."""
    data = struct.pack("=IIQ6Q", number, audit, 0, *arguments, *(0,) * (6 - len(arguments)))
    position = loaded = 0
    while True:
        operation, yes, no, value = struct.unpack_from("=HBBI", code, 8 * position)
        position += 1
        if operation == 0x20:
            loaded = struct.unpack_from("=I", data, value)[0]
        elif operation == 0x06:
            return value
        else:
            holds = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}[operation]
            position += yes if holds else no


@pytest.fixture(params=sorted(MACHINES))
def ask(request):
    machine = MACHINES[request.param]
    code = program(machine)

    def call(name: str, *arguments: int) -> int:
        number = machine.number(name)
        assert number is not None
        return answer(code, machine.audit, number, *arguments)

    return call


@pytest.mark.parametrize("name", ["socket", "mount", "unshare", "ptrace", "bpf", "io_uring_setup", "keyctl"])
def test_calls_without_use_are_refused(ask, name):
    assert ask(name) == REFUSE


@pytest.mark.parametrize("name", ["clone3", "openat2", "memfd_create"])
def test_calls_that_have_an_older_form_seem_absent(ask, name):
    assert ask(name) == ABSENT


def test_processes_and_threads_may_be_made_but_no_namespaces(ask):
    assert ask("clone", 0x3D0F00) == ALLOW
    assert ask("clone", 17) == ALLOW
    assert ask("clone", 0x10000000) == REFUSE


def test_socket_pairs_are_for_this_machine_only(ask):
    assert ask("socketpair", 1, 1) == ALLOW
    assert ask("socketpair", 2, 1) == REFUSE


def test_no_half_of_a_pair_can_send_to_another_address_or_keep_a_descriptor_in_its_queue(ask):
    stream, datagram, raw, in_sequence, close_on_exec = 1, 2, 3, 5, 0o2000000
    assert {ask("socketpair", 1, kind | close_on_exec) for kind in (stream, in_sequence)} == {ALLOW}
    assert {ask("socketpair", 1, kind | close_on_exec) for kind in (datagram, raw)} == {REFUSE}
    assert ask("sendmsg") == ask("sendmmsg") == REFUSE


def test_modes_may_be_set_but_not_set_id_bits(ask):
    assert ask("fchmodat", 0, 0, 0o755) == ALLOW
    assert ask("fchmodat", 0, 0, 0o4755) == REFUSE
    assert ask("openat", 0, 0, 0, 0o2644) == REFUSE


def test_limits_may_be_read_and_set_on_oneself_but_not_the_core_limit_nor_the_wardens(ask):
    assert ask("prlimit64", 0, 7, 1 << 40) == ALLOW
    assert ask("prlimit64", 0, 4, 0) == ALLOW
    assert ask("prlimit64", 0, 4, 1 << 40) == REFUSE
    assert ask("prlimit64", 0, 4, 16) == REFUSE
    assert ask("prlimit64", 1, 7, 0) == REFUSE


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_other_instruction_sets_end_the_process_and_unheard_calls_seem_absent(name):
    machine = MACHINES[name]
    code = program(machine)
    assert answer(code, 0x40000003, 1) == KILL
    assert answer(code, machine.audit, 500) == ABSENT
    assert len(code) // 8 < 4096  # BPF_MAXINSNS


def test_calls_of_the_x32_kind_end_the_process():
    machine = MACHINES["x86_64"]
    assert answer(program(machine), machine.audit, 0x40000000 + 41) == KILL


@pytest.mark.parametrize(("name", "read"), [("x86_64", 0), ("aarch64", 63)])
def test_ordinary_calls_are_allowed(name, read):
    machine = MACHINES[name]
    assert answer(program(machine), machine.audit, read) == ALLOW


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_process_1_is_spared_every_signal_where_that_is_asked_for(name):
    machine = MACHINES[name]
    code, plain = program(machine, spares_first=True), program(machine)
    for call in ("kill", "tkill", "tgkill"):
        number = machine.number(call)
        assert answer(code, machine.audit, number, 1, 9) == REFUSE
        assert answer(code, machine.audit, number, 0xFFFFFFFFFFFFFFFF, 9) == REFUSE
        assert answer(code, machine.audit, number, 2, 9) == ALLOW
        assert answer(plain, machine.audit, number, 1, 9) == ALLOW
