"""After sockets: of every family, and what listens on this machine, by address, path and abstract name."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from attacks.told import Decoys, attack, call, first

_LAST_FAMILY = 46


@attack()
def makes_a_socket_of_any_family(_decoys: Decoys) -> str:
    kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET)
    made = {family for family in range(1, _LAST_FAMILY) for kind in kinds if _can_be_made(family, kind)}
    return f"families {sorted(made)}" if made else ""


def _can_be_made(family: int, kind: int) -> bool:
    try:
        socket.socket(family, kind).close()
    except OSError:
        return False
    return True


@attack()
def makes_a_pair_of_another_family(_decoys: Decoys) -> str:
    return str(socket.socketpair(30, socket.SOCK_STREAM))  # TIPC


makes_a_pair_of_another_family.may_lack = "TIPC"


@attack()
def connects_to_a_port(decoys: Decoys) -> str:
    return f"connected from {socket.create_connection(('127.0.0.1', decoys['port']), 2).getsockname()}"


@attack()
def sends_a_datagram(decoys: Decoys) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        return f"sent {sender.sendto(b'decoy', ('127.0.0.1', decoys['datagram_port']))}"


@attack()
def reads_the_machines_addresses(_decoys: Decoys) -> str:
    return str(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))


@attack()
def listens_on_a_port(_decoys: Decoys) -> str:
    return str(socket.create_server(("127.0.0.1", 0)).getsockname())


@attack()
def connects_to_a_socket_by_path(decoys: Decoys) -> str:
    return _connected(decoys["socket_path"])


@attack()
def connects_to_a_socket_by_abstract_name(decoys: Decoys) -> str:
    return _connected("\0" + decoys["abstract_name"])


def _connected(address: str) -> str:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(address)
        return "connected"


@attack()
def sends_by_path_from_half_of_a_pair(decoys: Decoys) -> str:
    """A pair needs no socket(), and a datagram half sends to any address without connect()."""
    return _sent_from_half(decoys["datagram_path"])


@attack()
def sends_by_abstract_name_from_half_of_a_pair(decoys: Decoys) -> str:
    return _sent_from_half("\0" + decoys["abstract_name"] + "-datagrams")


def _sent_from_half(address: str) -> str:
    def by(send: Callable[[socket.socket], int], kind: int) -> str:
        one, other = socket.socketpair(socket.AF_UNIX, kind)
        other.setblocking(False)
        sent = send(one)
        try:
            other.recv(16)
        except BlockingIOError:
            return f"sent {sent} bytes"
        return ""  # the address was ignored

    ways = (lambda one: one.sendto(b"decoy", address), lambda one: one.sendmsg([b"decoy"], [], 0, address))
    kinds = (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET, socket.SOCK_STREAM)
    return first([lambda way=way, kind=kind: by(way, kind) for way in ways for kind in kinds])


@attack()
def connects_half_of_a_pair_elsewhere(decoys: Decoys) -> str:
    one, _other = socket.socketpair()
    one.connect(decoys["socket_path"])
    return "connected"


connects_half_of_a_pair_elsewhere.may_lack = "a second connect on a pair"


@attack()
def leaves_a_socket_that_others_may_trust(_decoys: Decoys) -> str:
    one = socket.socket(socket.AF_UNIX)
    one.bind("data/agent.sock")
    return "bound"


@attack()
def takes_an_abstract_name(decoys: Decoys) -> str:
    one = socket.socket(socket.AF_UNIX)
    one.bind("\0" + decoys["abstract_name"] + "-mine")
    return "bound"


@attack()
def opens_the_tunnel_device(_decoys: Decoys) -> str:
    return f"tun {os.open('/dev/net/tun', os.O_RDWR)}"


opens_the_tunnel_device.may_lack = "tun"


@attack()
def sends_a_descriptor_away(_decoys: Decoys) -> str:
    """What lies in a socket's queue is open and belongs to no process: nothing that is counted finds it."""
    one, _other = socket.socketpair()
    file = os.open("data/queued", os.O_RDWR | os.O_CREAT)
    os.unlink("data/queued")
    socket.send_fds(one, [b"x"], [file])
    os.close(file)
    return "queued"


@attack()
def accepts_on_an_inherited_socket(decoys: Decoys) -> str:
    return first([lambda n=n: f"accepted {call(decoys, 'accept4', n, 0, 0, 0)}" for n in range(3, 9)])


accepts_on_an_inherited_socket.may_lack = "an inherited socket that listens"
