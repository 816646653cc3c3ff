"""What is said of a failure, by what the script wrote as it failed."""

from __future__ import annotations

import pytest

from codegen.runtime.explain import wall_after

SOCKET = '  File "/usr/lib/python3.11/socket.py", line 233, in __init__\n    _socket.socket.__init__(self, family)\n'


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        (f"{SOCKET}PermissionError: [Errno 1] Operation not permitted\n", "no network"),
        ("urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>\n", "no network"),
        ("socket.gaierror: [Errno 8] nodename nor servname provided, or not known\n", "no network"),
        ("OSError: [Errno 101] Network is unreachable\n", "no network"),
        ("OSError: [Errno 30] Read-only file system: '/etc/hosts'\n", "below data/ alone"),
        ("PermissionError: [Errno 13] Permission denied: 'report.txt'\n", "below data/ alone"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'a'\n", ""),
        ("servers._client.ToolError: fs.write: [Errno 13] Permission denied: 'a'\n", ""),
        ("    os.kill(1, 9)\nPermissionError: [Errno 1] Operation not permitted\n", ""),
        (f"{SOCKET}\n\n    os.setuid(0)\n    ^^^^\nPermissionError: [Errno 1] Operation not permitted\n", ""),
        ("the script ended with exit code 3\n", ""),
        ("", ""),
    ],
)
def test_only_what_the_sandbox_refuses_is_put_down_to_it(errors, said):
    told = wall_after(errors)
    assert said in told
    assert bool(told) == bool(said)
