"""A command in Claude Code's Bash sandbox: handed to the broker, which runs it outside (`runtime.door`).

The one way out of there is a CONNECT through the sandbox's proxy to the one port that its settings name.
"""

from __future__ import annotations

import os
import sys

from codegen.cli import output
from codegen.errors import BrokerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

LIMIT_S = 30.0
"""Seconds for the way to the broker; a command itself may take as long as it likes."""


def is_confined() -> bool:
    """Whether this process is in that sandbox, in a workspace that has a door."""
    return "SANDBOX_RUNTIME" in os.environ and "CODEGEN_DOOR" in os.environ


def hand_over(words: list[str]) -> int:
    """Have the command run outside, print what it prints, and give its exit code. Raises BrokerError."""
    from codegen.runtime.proof import AGENT, BROKER, challenge, is_proof, proof
    from codegen.runtime.wire import Connection, text_field

    address, _, token = os.environ["CODEGEN_DOOR"].rpartition(":")
    connection = Connection(_through_proxy(address))
    asked = challenge()
    connection.send({"challenge": asked})
    answer = connection.receive()
    if answer is None or not is_proof(answer.get("proof"), token, BROKER, asked):
        raise _unreachable(f"no broker of this workspace answers at {address}")
    mine = proof(token, AGENT, text_field(answer, "challenge"))
    here, waits = os.getcwd(), "CODEGEN_APPROVER" in os.environ  # noqa: PTH109
    connection.send({"proof": mine, "words": [*words], "cwd": here, "stdin": _stdin(words), "waits": waits})
    while (message := connection.receive()) is not None:
        output.write(text_field(message, "out"))
        output.write_remark(text_field(message, "err"))
        if "error" in message:
            output.error(text_field(message, "error"))
            return 2
        code = message.get("exit")
        if isinstance(code, int):
            return code
    raise BrokerError("the broker went away during the command", hint="try it once more")


def _stdin(words: list[str]) -> str:
    """Standard input where the command reads it."""
    own = words[: words.index("--")] if "--" in words else words
    return sys.stdin.buffer.read().decode(errors="replace") if "-" in own else ""


def _through_proxy(address: str) -> socket.socket:
    """A stream to host:port. NO_PROXY is ignored: it names localhost, and nothing is there inside the sandbox."""
    import socket
    from base64 import b64encode
    from urllib.parse import unquote, urlsplit

    proxy = urlsplit(os.environ.get("HTTP_PROXY") or os.environ.get("http_proxy") or "")
    if not proxy.hostname or not proxy.port:
        raise _unreachable("this sandbox has no proxy")
    head = f"CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n"
    if proxy.username:
        pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        head += f"Proxy-Authorization: Basic {b64encode(pair.encode()).decode()}\r\n"
    try:
        stream = socket.create_connection((proxy.hostname, proxy.port), LIMIT_S)
        stream.sendall(f"{head}\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n") and (part := stream.recv(1)):
            answer += part
        stream.settimeout(None)
    except OSError as error:
        raise _unreachable(f"the sandbox's proxy doesn't answer: {error}") from error
    if answer.split(b" ")[1:2] != [b"200"]:
        said = answer.split(b"\r\n")[0].decode(errors="replace")
        raise _unreachable(f"the sandbox's proxy leads nowhere at {address} ({said or 'no answer'})")
    return stream


def _unreachable(what: str) -> BrokerError:
    hint = "a person mends it outside of Claude Code, in the workspace: codegen broker start, or codegen doctor"
    return BrokerError(what, hint=hint)
