"""Every address of the page, asked as a server would ask: bytes, headers, sizes, changes."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
import trio
from starlette.types import Message

from holub_protocol.kinds.alert import Certainty
from holub_protocol.trustlist import TrustView
from holub_relay.clock import Doubt, Source
from holub_relay.page.app import FIRST_PAGE_BYTES, HEAD_BYTES, STREAMS, Pages, Site
from support_page import HOLOSIIV, KYIV, NOW_S, FakeState

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;{{ 7*7 }}"
VOID = ("meta", "path")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def html(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def head_bytes(self) -> int:
        """What the head takes on the wire, with the server's own date."""
        lines = (f"{name}: {value}" for name, value in self.headers.items())
        return len("\r\n".join(["HTTP/1.1 200", "date: " + "x" * 29, *lines, "", ""]))


async def ask(site: Site, path: str, method: str = "GET") -> Answer:
    """Ask the application for one address, whose Host header is hostile."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.1"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"evil.example")],
        "client": ("192.0.2.1", 1),
        "server": ("192.0.2.2", 80),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        await trio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await site.app()(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], headers, body)


def get(state: FakeState, path: str, method: str = "GET") -> Answer:
    """Ask a new site for one address."""

    async def main() -> Answer:
        return await ask(Site(state), path, method)

    return trio.run(main)


class Balanced(HTMLParser):
    """Fails on a tag that is closed wrongly; gathers tags and the text outside of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data


def in_level(level: str) -> FakeState:
    """Return a daemon whose own area is in the level."""
    state = FakeState()
    if level == "alert":
        state.start(KYIV, 720)
    elif level == "partly":
        state.start(HOLOSIIV, 720)
    elif level == "clear":
        state.board()
    return state


@pytest.mark.parametrize(
    ("level", "uk", "en"),
    [
        ("alert", "Тривога", "Alert"),
        ("partly", "Тривога на частині території", "Alert in part of this area"),
        ("unknown", "Невідомо", "Unknown"),
        ("clear", "Тривоги немає", "No alert"),
    ],
)
def test_every_level_in_both_languages(level: str, uk: str, en: str) -> None:
    """Each state has its word, shape and class, in well-formed HTML that names its language."""
    shapes = set()
    for path, lang, word in (("/", "uk", uk), ("/en", "en", en)):
        answer = get(in_level(level), path)
        page = Balanced(answer.html)
        assert answer.status == 200
        assert ("html", {"lang": lang}) in page.tags
        assert [attrs["class"] for tag, attrs in page.tags if tag == "main"] == [level]
        assert re.search(rf"</svg>{word}</p>", answer.html)
        role = "alert" if level in ("alert", "partly") else "status"
        assert ("div", {"id": "a", "role": role}) in page.tags
        shapes.add(next(attrs["d"] for tag, attrs in page.tags if tag == "path"))
        assert ("meta", {"http-equiv": "refresh", "content": "60"}) in page.tags
    assert len(shapes) == 1


def test_shapes_differ() -> None:
    """No two levels share a shape, so that colour is never the only sign."""
    shapes = set()
    for level in ("alert", "partly", "unknown", "clear"):
        match = re.search(r'<path d="([^"]+)"', get(in_level(level), "/").html)
        assert match
        shapes.add(match[1])
    assert len(shapes) == 4


@pytest.mark.parametrize("path", ["/", "/en"])
def test_first_page_fits_the_first_flight(path: str) -> None:
    """With 28 alerts on at once, head and page together stay within 14 kB and list all 28."""
    state = FakeState(demo=True)
    for area in state.areas.board_order[:27]:
        state.start(area, 86_000)
    state.start(KYIV, 720, text="Лівий берег", guidance=(10, 200))
    state.withdraw(state.start(KYIV, 300))
    state.test()
    answer = get(state, path)
    assert answer.html.count("<li><b>") == 28
    assert answer.head_bytes <= HEAD_BYTES
    assert answer.head_bytes + len(answer.body) <= FIRST_PAGE_BYTES


@pytest.mark.parametrize("path", ["/", "/en"])
def test_longest_texts_shorten_the_list(path: str) -> None:
    """Names and texts as long as a message allows drop lines from the list, never the state."""
    state = FakeState(names={1: {"uk": "Ї" * 32, "en": "&" * 64}})
    for area in state.areas.board_order[:40]:
        state.start(area, certainty=Certainty.UNLIKELY)
    for hazard in (1, 8):
        state.start(KYIV, hazard=hazard, text="ї" * 400)
    answer = get(state, path)
    assert answer.head_bytes + len(answer.body) <= FIRST_PAGE_BYTES
    assert 'class="alert"' in answer.html
    rows = answer.html.count("<li><b>")
    assert 0 < rows < 28
    assert f"(+{42 - rows})" in answer.html
    everything = get(state, path.rstrip("/") + "/alerts")
    assert everything.html.count("<li><b>") == 42


def test_hostile_texts_are_text() -> None:
    """Markup in an alert's text, an authority's name and a realm's name is shown, not run."""
    state = FakeState(realm_name=HOSTILE, names={1: {"uk": HOSTILE, "en": HOSTILE}})
    state.start(KYIV, text=HOSTILE)
    state.test(text=HOSTILE)
    for path in ("/", "/en", "/alerts", f"/area/{HOLOSIIV}"):
        page = Balanced(get(state, path).html)
        assert [tag for tag, _ in page.tags].count("script") == 1
        assert "img" not in [tag for tag, _ in page.tags]
        assert page.text.count(HOSTILE) >= 3


def test_policy_allows_only_our_own_script_and_style() -> None:
    """The hashes in the policy are those of the page's one style and one script."""
    answer = get(FakeState(), "/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        inline = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.html, re.S)
        assert len(inline) == 1
        digest = base64.b64encode(hashlib.sha256(inline[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_host_header_is_not_reflected() -> None:
    """Neither a page nor a redirect repeats what a client calls this host."""
    for path in ("/", "/en", "/en/", "/area/1", "/nowhere"):
        answer = get(FakeState(), path)
        assert "evil.example" not in answer.html + str(answer.headers)
    assert get(FakeState(), "/en/").status == 404


@pytest.mark.parametrize(
    "path",
    ["/area/99999999", "/area/x", "/area/-1", "/area/" + "9" * 40, "/en/area/٣", "/x", "/en/x"],
)
def test_unknown_addresses(path: str) -> None:
    """An address or region that there is not is a page with 404, in the address's language."""
    answer = get(FakeState(), path)
    assert answer.status == 404
    assert f'<html lang="{"en" if path.startswith("/en/") else "uk"}">' in answer.html
    Balanced(answer.html)


def test_another_place() -> None:
    """The page of another area shows that area's state and leads home."""
    state = in_level("partly")
    answer = get(state, f"/en/area/{HOLOSIIV}")
    assert "<h1>Holosiivskyi city district</h1>" in answer.html
    assert 'class="alert"' in answer.html
    assert '<a href="/en">' in answer.html


def test_tests_never_look_like_the_real_thing() -> None:
    """A test makes no banner, no alert and no line; it is called a test in its own frame."""
    state = FakeState()
    state.test()
    html = get(state, "/en").html
    assert 'class="unknown"' in html
    assert '<ul class="v">' not in html
    frame = html[html.index('<div class="t">') :]
    assert "A test, not a real alert." in frame
    assert "Air raid alert" in frame
    assert "Air raid alert" not in html[: html.index('<div class="t">')]


def test_withdrawn_is_as_loud_as_an_alert() -> None:
    """A withdrawn alert has a frame of its own with role=alert and the word in large type."""
    state = FakeState()
    state.withdraw(state.start())
    html = get(state, "/en").html
    assert re.search(
        r'<div class="w" role="alert"><p class="k">.*?False alert: withdrawn', html, re.S
    )


def test_notes_on_node_and_clock() -> None:
    """A demo, a declared clock and an unknown clock are each said in words."""
    state = FakeState(demo=True)
    state.start()
    html = get(state, "/en").html
    assert "DEMO realm" in html
    assert "Clock: declared by the operator, not verified." in html
    state.reliable = False
    html = get(state, "/en").html
    assert "Clock unknown" in html
    assert "at least</u> <i data-s=" in html
    state.doubt = Doubt.BEHIND
    assert "behind what the authorities signed" in get(state, "/en").html
    state.reliable, state.source, state.demo = True, Source.GNSS, False
    html = get(state, "/en").html
    assert "DEMO" not in html
    assert "Clock" not in html


def test_the_trust_list_is_dated() -> None:
    """The page says as of when nothing is withheld, that the list is late, that something is
    missing, and that nobody has vouched for it."""
    html = get(FakeState(), "/").html
    assert "Перелік довіри — станом на" in html
    assert "не всі відкликання" not in html
    html = get(FakeState(trusted=TrustView(2, 3, NOW_S, late=True, withheld=True)), "/en").html
    assert "Trust list as of" in html
    assert "Its next confirmation is late." in html
    assert "<b>Warning: not all revocations of keys have reached this box.</b>" in html
    html = get(FakeState(trusted=TrustView(1, 0, None, late=False, withheld=False)), "/en").html
    assert "Nobody has vouched for the trust list yet." in html


@pytest.mark.parametrize(
    ("path", "words"),
    [("/", ("хартії спільноти", "на двох машинах")), ("/en", ("compete", "on two machines"))],
)
def test_alarms_stand_right_below_the_state(path: str, words: tuple[str, str]) -> None:
    """What the operator must look into comes after what holds and before all else."""
    state = FakeState(alarming=("charter-forked", "duplicate-key"))
    html = get(state, path).html
    for word in words:
        assert html.index("<h1>") < html.index(word) < html.index("<h2>")
    assert words[0] not in get(FakeState(), path).html


def test_part_is_what_the_page_shows() -> None:
    """The fragment that the script fetches is the very one inside the page."""
    state = in_level("alert")
    part = get(state, "/?part=1").html
    assert part.startswith("<main ")
    assert part in get(state, "/").html


def test_change_is_seen_at_once() -> None:
    """After a tick nothing rendered before is shown, within the same second."""

    async def main() -> None:
        state = FakeState()
        site = Site(state)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(site.watch)
            await trio.testing.wait_all_tasks_blocked()
            assert 'class="unknown"' in (await ask(site, "/")).html
            state.start()
            await trio.testing.wait_all_tasks_blocked()
            assert 'class="alert"' in (await ask(site, "/")).html
            nursery.cancel_scope.cancel()

    trio.run(main)


def test_ages_are_rendered_anew_each_second() -> None:
    """A page without script shows the age of now, not of the first visit."""
    state = FakeState()
    state.start(age_s=59)
    pages = Pages(state)
    before = pages.page("en", KYIV, part=True, everything=False)
    state.wall_s, state.mono_us = state.wall_s + 1, state.mono_us + 1_000_000
    assert b"under a minute</i>" in before
    assert b">1 min</i>" in pages.page("en", KYIV, part=True, everything=False)


def test_only_reading() -> None:
    """HEAD answers like GET; nothing else is answered."""
    assert get(FakeState(), "/", "HEAD").status == 200
    for path in ("/", "/events", "/metrics", "/area/1"):
        assert get(FakeState(), path, "POST").status == 405


def test_health_and_metrics() -> None:
    """Monitoring gets its formats, and 503 from a relay whose store has failed."""
    state = FakeState()
    answer = get(state, "/health")
    assert (answer.status, json.loads(answer.body)["status"]) == (200, "ok")
    state.writable = False
    assert get(state, "/health").status == 503
    assert get(state, "/metrics").headers["content-type"].startswith("text/plain; version=")


def test_listeners_are_bounded() -> None:
    """One listener too many is told to come back later."""

    async def main() -> Answer:
        site = Site(FakeState())
        site.streams = STREAMS
        return await ask(site, "/events")

    answer = trio.run(main)
    assert (answer.status, answer.headers["retry-after"]) == (503, "60")
