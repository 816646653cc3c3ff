"""`sync --watch`: a sync whenever mcp.json, codegen.toml or a server's own list of tools changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from codegen.catalogue.mcp import open_session
from codegen.catalogue.variables import read_variables
from codegen.config.mcp_json import ServerConfig, load_servers
from codegen.config.paths import MARKS, Workspace
from codegen.config.settings import load_settings
from codegen.errors import CodegenError
from codegen.workspace.sync import SyncReport, SyncRequest, sync

SETTLE = 0.3
"""Seconds: an editor saves in several steps, a server adds its tools one by one."""

RETRY = 30.0
"""Seconds until a server that went away is listened to again."""


async def watch(place: Workspace, show: Callable[[SyncReport | CodegenError], None]) -> None:
    """Sync now and after every change, until cancelled. What goes wrong is shown, and the watch goes on."""
    changed = asyncio.Event()
    loop = asyncio.get_running_loop()
    observer = Observer()

    def tell() -> None:
        loop.call_soon_threadsafe(changed.set)

    observer.schedule(_Marks(tell), str(place.root), recursive=False)
    observer.start()
    listeners: dict[ServerConfig, asyncio.Task[None]] = {}
    try:
        while True:
            changed.clear()
            try:
                show(await sync(place, SyncRequest()))
            except CodegenError as error:
                show(error)
            _follow(place, listeners, changed.set)
            await changed.wait()
            await asyncio.sleep(SETTLE)
    finally:
        for listener in listeners.values():
            listener.cancel()
        await asyncio.gather(*listeners.values(), return_exceptions=True)
        observer.stop()
        await asyncio.to_thread(observer.join)


def _follow(place: Workspace, listeners: dict[ServerConfig, asyncio.Task[None]], tell: Callable[[], None]) -> None:
    """Listen to the servers that mcp.json lists now; a connection that is there already stays.

    A server that says "changed" right after it was connected to would otherwise never let the watch rest.
    """
    configs = _configs(place)
    for config in [known for known in listeners if known not in configs]:
        listeners.pop(config).cancel()
    for config in configs:
        if config not in listeners:
            listeners[config] = asyncio.create_task(_listen(place, config, tell))


class _Marks(FileSystemEventHandler):
    """Tells of changes to the files that make a workspace."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in {"opened", "closed_no_write"}:
            return
        paths = (str(event.src_path), str(event.dest_path))
        if any(path.endswith(f"/{mark}") for path in paths for mark in MARKS):
            self._tell()


def _configs(place: Workspace) -> tuple[ServerConfig, ...]:
    with suppress(CodegenError):
        return load_servers(place.mcp_json)[0]
    return ()


async def _listen(place: Workspace, config: ServerConfig, tell: Callable[[], None]) -> None:
    """Hold a connection to one server for as long as it lives, for what it says of its tools."""
    while True:
        with suppress(CodegenError):
            variables = read_variables(load_settings(place.settings).env_file)
            async with open_session(config, variables, on_tools_changed=tell) as session:
                while session.alive:
                    await asyncio.sleep(1)
        await asyncio.sleep(RETRY)
