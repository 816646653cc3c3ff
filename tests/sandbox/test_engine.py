"""Command lines and what engines say of themselves: text alone, so it runs everywhere."""

from __future__ import annotations

import json

import pytest

from codegen.sandbox.backend import MIB, Limits
from codegen.sandbox.containers.engine import Container, Engine, Shown, User, read_info, remove_command, run_command

USER = User(1001, 1002, most_files=4096, most_processes=5000)
BOTH = frozenset({"memory", "pids"})
DOCKER = Engine("/usr/bin/docker", is_podman=False, limits=BOTH)
PODMAN = Engine("/usr/bin/podman", is_podman=True, limits=BOTH)
LIMITS = Limits(memory_bytes=100 * MIB, processes=10, file_bytes=MIB, open_files=64, scratch_bytes=8 * MIB)


def container(*read_only: str, runtime: str = "") -> Container:
    shown = Shown(read_only, ("/work/data",), {"/bin": "usr/bin"})
    return Container("codegen-1", "image:1", runtime, "/src/sandbox", shown, LIMITS)


def command(engine: Engine, *read_only: str, runtime: str = "", user: User = USER) -> list[str]:
    return run_command(engine, container(*read_only, runtime=runtime), user, ("python", "-c", "pass"))


PROXIES = [
    part
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for part in ("--env", f"{name}=", "--env", f"{name.lower()}=")
]
MEMORY = str((100 + 2 * 8 + 64) * MIB)


def test_the_whole_command_of_docker():
    assert command(DOCKER, "/usr") == [
        *("/usr/bin/docker", "run", "--rm", "--interactive", "--name", "codegen-1", "--pull", "never"),
        *("--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--security-opt", "label=disable", "--hostname", "sandbox", "--log-driver", "none", "--workdir", "/"),
        *("--user", "1001:1002", "--memory", MEMORY, "--memory-swap", MEMORY, "--pids-limit", "18"),
        *("--ulimit", "nofile=64:64", "--ulimit", f"fsize={MIB}:{MIB}", "--ulimit", "core=1:1"),
        *("--shm-size", str(8 * MIB), "--tmpfs", f"/tmp:rw,exec,nosuid,nodev,size={8 * MIB},mode=1777"),
        *PROXIES,
        *("--mount", "type=bind,source=/src/sandbox,target=/run/codegen/codegen/sandbox,readonly"),
        *("--mount", "type=bind,source=/usr,target=/usr,readonly"),
        *("--mount", "type=bind,source=/work/data,target=/work/data"),
        *("image:1", "python", "-c", "pass"),
    ]


def test_what_podman_wants_otherwise():
    ours, theirs = command(DOCKER, "/usr"), command(PODMAN, "/usr")
    assert [part for part in theirs if part not in ours] == [
        *("/usr/bin/podman", "--read-only-tmpfs=false", "--http-proxy=false", "--no-hosts"),
        *("nproc=5000:5000", "-v", "/src/sandbox:/run/codegen/codegen/sandbox:ro,nosuid,nodev"),
        *("-v", "/usr:/usr:ro,nosuid,nodev", "-v", "/work/data:/work/data:rw,nosuid,nodev"),
    ]


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        (Engine("docker", is_podman=False, rootless=True), ["--user", "0:0"]),
        (Engine("docker", is_podman=False, remaps_users=True), ["--userns", "host", "--user", "1001:1002"]),
        (Engine("podman", is_podman=True, rootless=True), ["--userns", "keep-id", "--user", "1001:1002"]),
        (Engine("podman", is_podman=True), ["--user", "1001:1002"]),
    ],
)
def test_the_scripts_user_is_the_one_who_owns_data_outside(engine, expected):
    words = command(engine)
    start = words.index(expected[0])
    assert words[start : start + len(expected)] == expected
    assert words.count("--userns") == expected.count("--userns")


def test_gvisor_is_asked_for_in_each_engines_place():
    assert command(DOCKER, runtime="runsc")[1:].index("--runtime") > 0
    assert command(PODMAN, runtime="runsc")[1:8] == [
        *("--runtime", "runsc", "--runtime-flag", "network=none", "--runtime-flag", "ignore-cgroups", "run")
    ]
    assert "--runtime" not in command(PODMAN) + command(DOCKER)


def test_a_limit_that_an_engine_cannot_hold_is_not_asked_for():
    words = command(Engine("podman", is_podman=True, rootless=True, limits=frozenset({"pids"})))
    assert "--memory" not in words
    assert "--pids-limit" in words


def test_open_files_are_never_more_than_the_user_may_have():
    assert "nofile=32:32" in command(DOCKER, user=User(1, 1, 32, 100))


@pytest.mark.parametrize("path", ['/a,source=/etc,"b', "/a:b", "/a b/ü"])
def test_no_path_is_read_as_an_option_by_docker(path):
    import csv

    words = command(DOCKER, path)
    fields = next(csv.reader([words[words.index("image:1") - 3]]))
    assert fields == ["type=bind", f"source={path}", f"target={path}", "readonly"]


def test_podman_gets_each_path_in_the_form_that_can_hold_it():
    assert "-v" in command(PODMAN, "/a,b")
    assert "type=bind,source=/a:b,target=/a:b,ro=true" in command(PODMAN, "/a:b")
    with pytest.raises(ValueError, match="a colon and a comma"):
        command(PODMAN, "/a:b,c")


def test_a_container_is_removed_by_its_name_at_once():
    assert remove_command(DOCKER, "n") == ["/usr/bin/docker", "rm", "--force", "--volumes", "n"]
    assert remove_command(PODMAN, "n") == ["/usr/bin/podman", "rm", "--force", "--time", "0", "--volumes", "n"]


def docker_info(**changes: object) -> str:
    return json.dumps(
        {"ServerVersion": "28.1", "MemoryLimit": True, "PidsLimit": True, "SecurityOptions": ["name=seccomp"]}
        | {"Runtimes": {"runc": {"path": "runc"}}}
        | changes
    )


def podman_info(**changes: object) -> str:
    host = {"cgroupControllers": ["cpu", "memory", "pids"], "cgroupVersion": "v2", "security": {"rootless": False}}
    return json.dumps({"host": host | {"ociRuntime": {"name": "crun"}} | changes, "version": {}})


def test_what_docker_says_of_itself():
    found = read_info("docker", docker_info())
    assert found == Engine("docker", is_podman=False, limits=BOTH, runtimes=("runc",))


def test_what_docker_says_of_its_users_and_runtimes():
    runsc = {"runsc": {"path": "/usr/bin/runsc", "runtimeArgs": ["--ignore-cgroups"]}}
    found = read_info("docker", docker_info(SecurityOptions=["name=rootless", "name=userns"], Runtimes=runsc))
    assert found is not None
    assert (found.rootless, found.remaps_users, found.unbounded) == (True, True, {"runsc"})
    assert read_info("docker", docker_info(MemoryLimit=False)).limits == {"pids"}


def test_what_podman_says_of_itself_under_either_name():
    found = read_info("docker", podman_info())
    assert found == Engine("docker", is_podman=True, limits=BOTH, runtimes=("crun",), unbounded=frozenset({"runsc"}))


def test_an_ordinary_users_podman_bounds_what_was_delegated_and_nothing_of_the_old_cgroups():
    rootless = {"security": {"rootless": True}}
    assert read_info("podman", podman_info(**rootless, cgroupControllers=["pids"])).limits == {"pids"}
    assert read_info("podman", podman_info(**rootless, cgroupVersion="v1")).limits == frozenset()


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '{"ServerVersion": "", "ServerErrors": ["no"]}', "null"])
def test_a_client_without_an_engine_describes_none(text):
    assert read_info("docker", text) is None
