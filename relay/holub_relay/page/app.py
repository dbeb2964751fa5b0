"""What each address answers, as an ASGI application: pages, the stream of changes, metrics."""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import trio
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holub_protocol.areas import AREA_MAX
from holub_relay.page.metrics import CONTENT_TYPE, Metrics, health
from holub_relay.page.state import PageState, Ticks
from holub_relay.page.texts import LANGUAGES, Clockface, local_zone, texts
from holub_relay.page.view import ALL_LINES, Floor, view

FIRST_PAGE_BYTES: Final = 14_336
"""The whole answer to the first request, head included: what a server may send before the first
acknowledgement (10 segments, RFC 6928), so that a phone at the edge of a shelter's Wi-Fi shows
the state after one round trip."""

HEAD_BYTES: Final = 768
"""Room left for the head of an answer; ours has about 460 bytes (a test measures it)."""

FIRST_PAGE_LINES: Final = 28
"""Alerts listed on a first page. If texts are so long that they do not fit, fewer."""

STREAMS: Final = 256
"""Listeners to changes at once, about 38 KiB each (measured for hypercorn): 10 MiB. Further
browsers are told to ask again, and their page reloads by the clock."""

ALIVE_S: Final = 15.0
"""Pause between signs of life. A browser that hears none for 40 s says that it has lost us."""

REQUEST_BODY_BYTES: Final = 16_384
"""A body nobody asked for is read and dropped up to this size, then its connection ends."""

CACHED_PAGES: Final = 64
"""Rendered pages kept until the next change, for at most a second: 200 phones that ask again at
the start of an alert cost one rendering of each page they look at. 64 x 14 KiB = 0.9 MiB."""

_FOLDER = Path(__file__).with_name("templates")


class Pages:
    """Renders pages and keeps each until something changes or the second is over."""

    def __init__(self, state: PageState) -> None:
        """Compile the templates once."""
        self._state = state
        self._floor, self._clockface = Floor(), Clockface(*local_zone())
        self._cache: dict[tuple[str, int, bool, bool], bytes] = {}
        self._cached_s = -1
        css, js = (_slim(_FOLDER / name) for name in ("page.css", "page.js"))
        self.policy = (
            f"default-src 'none'; style-src '{_csp_hash(css)}'; script-src '{_csp_hash(js)}'; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        templates = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        templates.globals.update(css=Markup(css), js=Markup(js))  # noqa: S704 (our own files)
        self._page = templates.get_template("page.html")
        self._part = templates.get_template("state.html")
        self._missing = templates.get_template("missing.html")

    def changed(self) -> None:
        """Forget what was rendered."""
        self._cache.clear()

    def page(self, lang: str, area: int, *, part: bool, everything: bool) -> bytes:
        """Return a page, or only the part of it that changes."""
        second = self._state.now().mono_us // 1_000_000
        if second != self._cached_s:
            self._cache.clear()
            self._cached_s = second
        key = (lang, area, part, everything)
        html = self._cache.get(key)
        if html is None:
            html = self._fitted(lang, area, part, everything)
            if len(self._cache) < CACHED_PAGES:
                self._cache[key] = html
        return html

    def missing(self, lang: str) -> bytes:
        """Return the page for an address that there is not."""
        return self._missing.render(lang=lang, t=texts(lang)).encode()

    def _fitted(self, lang: str, area: int, part: bool, everything: bool) -> bytes:
        lines = ALL_LINES if everything else FIRST_PAGE_LINES
        while True:
            html = self._render(lang, area, part, everything, lines)
            if everything or lines == 0 or len(html) <= FIRST_PAGE_BYTES - HEAD_BYTES:
                return html
            lines = lines * 3 // 4

    def _render(self, lang: str, area: int, part: bool, everything: bool, lines: int) -> bytes:
        shown = view(
            self._state,
            lang,
            area,
            floor=self._floor,
            clockface=self._clockface,
            lines=lines,
            everything=everything,
        )
        template = self._part if part else self._page
        return template.render(v=shown, t=shown.t, lang=lang, everything=everything).encode()


class Site:
    """One relay's addresses. Run `watch` beside the server; give `app` to the server."""

    def __init__(self, state: PageState) -> None:
        """Serve what `state` tells."""
        self._state, self._pages, self._metrics = state, Pages(state), Metrics(state)
        self.ticks = Ticks()
        self.streams = 0
        self._headers = {
            "content-security-policy": self._pages.policy,
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
        }

    def app(self) -> ASGIApp:
        """Return the ASGI application."""
        routes = [
            Route("/health", self._health),
            Route("/metrics", self._metrics_text),
            Route("/events", self._events),
        ]
        for lang in LANGUAGES:
            prefix = "" if lang == "uk" else f"/{lang}"
            routes += [
                Route(prefix or "/", self._place(lang)),
                Route(f"{prefix}/area/{{area}}", self._place(lang)),
                Route(f"{prefix}/alerts", self._place(lang, everything=True)),
            ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: self._wrong})
        app.router.redirect_slashes = False  # its redirects would repeat the Host header
        return _Drained(app)

    async def watch(self) -> None:
        """Pass on the daemon's ticks: first what was rendered is forgotten, then browsers ask."""
        async with self._state.subscribe() as ticks:
            async for _ in ticks:
                self._pages.changed()
                self.ticks.tick()

    def _place(
        self, lang: str, *, everything: bool = False
    ) -> Callable[[Request], Awaitable[Response]]:
        async def show(request: Request) -> Response:
            area = self._state.area
            if "area" in request.path_params:
                area = self._area(request.path_params["area"])
            html = self._pages.page(
                lang, area, part="part" in request.query_params, everything=everything
            )
            return self._html(html)

        return show

    def _area(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(AREA_MAX))):
            raise HTTPException(404)
        area = int(text)
        if area not in self._state.areas:
            raise HTTPException(404)
        return area

    async def _wrong(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code != 404:
            return PlainTextResponse(error.detail, error.status_code, error.headers)
        lang = "en" if request.url.path.startswith("/en/") else "uk"
        return self._html(self._pages.missing(lang), 404)

    def _html(self, html: bytes, status: int = 200) -> Response:
        return Response(html, status, self._headers, media_type="text/html")

    async def _events(self, _: Request) -> Response:
        return _Stream(self)

    async def _metrics_text(self, _: Request) -> Response:
        return Response(self._metrics.text(), headers={"content-type": CONTENT_TYPE})

    async def _health(self, _: Request) -> Response:
        well, facts = health(self._state)
        return JSONResponse(facts, 200 if well else 503, {"cache-control": "no-store"})


class _Stream(Response):
    """Server-sent events: `state` at once and on each change, `alive` in between. Signs of life
    are events and no comments, so that the page's script can tell silence from peace."""

    def __init__(self, site: Site) -> None:
        super().__init__(
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
            media_type="text/event-stream",
        )
        del self.headers["content-length"]
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._site.streams >= STREAMS:
            full = PlainTextResponse("too many listeners\n", 503, {"retry-after": "60"})
            await full(scope, receive, send)
            return
        self._site.streams += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})
                return
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._tell, send)
                await receive()  # returns when the listener has gone
                nursery.cancel_scope.cancel()
        finally:
            self._site.streams -= 1

    async def _tell(self, send: Send) -> None:
        async with self._site.ticks.subscribe() as ticks:
            event = "state"
            while True:
                body = f"event: {event}\ndata:\n\n".encode()
                await send({"type": "http.response.body", "body": body, "more_body": True})
                event = "alive"
                with trio.move_on_after(ALIVE_S):
                    await ticks.receive()
                    event = "state"


class _Drained:
    """Reads what a client sends while it is answered. Without it, a body that nobody wants fills
    hypercorn's queue and its connection hangs for ever; and a listener that has gone would be
    noticed only when writing fails."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        gone = trio.Event()

        async def wait() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        async with trio.open_nursery() as nursery:
            nursery.start_soon(_drain, receive, gone)
            # Never cancelled from here: hypercorn ends a connection inside the last `send`.
            await self._app(scope, wait, send)
            nursery.cancel_scope.cancel()


async def _drain(receive: Receive, gone: trio.Event) -> None:
    """Drop what comes; the client counts as gone when it says so, or has sent too much."""
    room_bytes = REQUEST_BODY_BYTES
    while True:
        message = await receive()
        room_bytes -= len(message.get("body", b""))
        if message["type"] == "http.disconnect" or room_bytes < 0:
            gone.set()


def _slim(path: Path) -> str:
    """The file without indents and whole-line comments: bytes that no browser needs."""
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _csp_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
