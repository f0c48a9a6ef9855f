"""The server of the live page: static files, the stream of events, and one action, stop."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from heldout.errors import StudyError
from heldout.live.guard import REPORT_POLICY, Guard
from heldout.live.process import ask_to_stop, find_holder
from heldout.live.stream import EVENTS_FILE, is_replaced, read_events

DEFAULT_PORT = 8731
PORTS_TRIED = 50
SECONDS_BETWEEN_LOOKS = 0.5  # one update at most so often; the eye needs no more
SECONDS_BETWEEN_PINGS = 15.0  # so that a dead connection is noticed by both sides
MOST_CONNECTIONS = 64
_PAGE = Path(__file__).parent / "page"
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".txt": "text/plain",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Door:
    """Where one page is served.

    Args:
        listener: a socket bound to the loopback address.
        port: the port that was free.
        token: this run's secret, part of the address.
    """

    listener: socket.socket
    port: int
    token: str

    @property
    def address(self) -> str:
        """What to open in the browser."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"


@dataclass
class Visitors:
    """How many pages are open now, and whether the server is closing.

    Args:
        n_open: streams of events that are open.
        is_closing: True when streams are to end.
    """

    n_open: int = 0
    is_closing: Callable[[], bool] = field(default=lambda: False)


def open_door(port: int = DEFAULT_PORT) -> Door:
    """Take the wanted port of the loopback address, or the next free one.

    Args:
        port: where to begin, 0 for any free one.

    Raises:
        StudyError: none of the fifty ports from there on is free.

    Example:
        >>> first = open_door(0)
        >>> second = open_door(first.port)
        >>> first.port < second.port, first.token == second.token
        (True, False)
        >>> first.listener.close(), second.listener.close()
        (None, None)
    """
    for candidate in range(port, min(port + PORTS_TRIED, 65536) if port else 1):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.bind(("127.0.0.1", candidate))
            listener.listen(MOST_CONNECTIONS)  # bound twice is noticed here at the latest
        except OSError:
            listener.close()
            continue
        return Door(listener, listener.getsockname()[1], secrets.token_urlsafe(24))
    raise StudyError(
        f"none of the ports {port} to {min(port + PORTS_TRIED, 65536) - 1} is free",
        hint="name another one with --port",
    )


def make_app(folder: Path, door: Door, visitors: Visitors | None = None) -> ASGIApp:
    """Build the page of one study.

    Args:
        folder: the study's folder; it need not be there yet.
        door: port and token.
        visitors: told how many pages are open.
    """
    pages = visitors or Visitors()
    inner = Starlette(
        routes=[
            Route("/{token}/", _give_page),
            Route("/{token}/events", _give_events),
            Route("/{token}/report", _give_report),
            Route("/{token}/stop", _stop, methods=["POST"]),
            Route("/{token}/{name}", _give_file),
        ]
    )
    inner.state.folder, inner.state.visitors = folder, pages
    return Guard(inner, token=door.token, port=door.port)


def serve(
    folder: Path, door: Door, *, watch: Callable[[uvicorn.Server, Visitors], None] | None = None
) -> None:
    """Serve the page until the process is stopped.

    Args:
        folder: the study's folder.
        door: port and token; its socket is closed at the end.
        watch: called once with the server and its visitors before it starts.
    """
    visitors = Visitors()
    config = uvicorn.Config(
        make_app(folder, door, visitors),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    visitors.is_closing = lambda: server.should_exit
    if watch is not None:
        watch(server, visitors)
    try:
        server.run(sockets=[door.listener])
    finally:
        door.listener.close()


def describe_state(folder: Path) -> dict[str, Any]:
    """What the page must know beside the events: whether the training lives, and whether there is a report."""
    holder = find_holder(folder)
    return {
        "state": holder.state,
        "host": holder.host,
        "folder": folder.name,
        "report": find_report(folder) is not None,
    }


def find_report(folder: Path) -> Path | None:
    """Give the report of a study, or of one that was stopped the page of what there is; None before there is one.

    Args:
        folder: the study's folder; of what is left after the sealed test rows were opened nothing is shown, since
            their score would stand there.

    Example:
        >>> find_report(Path("no/such/study")) is None
        True
    """
    whole, rest = folder / "report.html", folder / "report-partial.html"
    if whole.is_file():
        return whole
    return rest if rest.is_file() and not (folder / "test.json").exists() else None


async def _give_page(request: Request) -> Response:
    return _open_file("index.html")


async def _give_file(request: Request) -> Response:
    name = request.path_params["name"]
    shipped = {path.name for path in _PAGE.iterdir()}  # a name from a list, never a path from outside
    return _open_file(name) if name in shipped else PlainTextResponse("no such file\n", status_code=404)


def _open_file(name: str) -> Response:
    return FileResponse(_PAGE / name, media_type=_TYPES[Path(name).suffix])


async def _give_report(request: Request) -> Response:
    path = find_report(request.app.state.folder)
    if path is None:
        return PlainTextResponse("there is no report yet\n", status_code=404)
    return FileResponse(path, media_type="text/html", headers={"Content-Security-Policy": REPORT_POLICY})


async def _stop(request: Request) -> Response:
    asked = await asyncio.to_thread(ask_to_stop, request.app.state.folder)
    words = "asked to stop" if asked else "no process of this machine runs the study"
    return JSONResponse({"asked": asked, "text": words}, status_code=202 if asked else 409)


async def _give_events(request: Request) -> Response:
    given = request.headers.get("last-event-id", "")
    offset = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0
    return StreamingResponse(
        _follow(request.app.state.folder, offset, request.app.state.visitors),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _follow(folder: Path, offset: int, visitors: Visitors) -> AsyncIterator[str]:
    """The events from a position on, as they come, and every change of the state."""
    path, loop = folder / EVENTS_FILE, asyncio.get_running_loop()
    is_opened: bool | None = None
    shown, quiet_since = "", loop.time()
    visitors.n_open += 1
    try:
        yield "retry: 1000\n\n"
        while not visitors.is_closing():
            if is_replaced(path, offset):
                offset, is_opened = 0, None
                yield "event: reset\nid: 0\ndata: {}\n\n"
            chunk = await asyncio.to_thread(read_events, path, offset, is_opened=is_opened)
            if chunk.offset > offset:
                yield f"id: {chunk.offset}\nevent: events\ndata: {json.dumps(vars(chunk))}\n\n"
            elif loop.time() - quiet_since > SECONDS_BETWEEN_PINGS:
                yield ": still here\n\n"
            quiet_since = loop.time() if chunk.offset > offset else quiet_since
            offset, is_opened = chunk.offset, chunk.is_opened
            if not chunk.is_last:
                continue
            state = json.dumps(await asyncio.to_thread(describe_state, folder))
            if state != shown:
                shown = state
                yield f"event: state\ndata: {state}\n\n"
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
    finally:
        visitors.n_open -= 1
