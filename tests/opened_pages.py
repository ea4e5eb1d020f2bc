"""Pages opened in a real browser with the network cut off."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
WIDE = {"width": 1440, "height": 900}


@dataclass
class Opened:
    """A page in the browser, and whatever it did that it should not."""

    page: object
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def drawn(self) -> dict[str, int]:
        return json.loads(self.page.get_attribute("body", "data-drawn"))

    @property
    def text(self) -> str:
        return self.page.inner_text("body")


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium on the path and none named by CHROMIUM")
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as play:
        started = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


def _open(browser: object, path: Path, size: dict[str, int], ready: str = "body[data-drawn]") -> Opened:
    """Open a file with every other address blocked; nothing but the file may be asked for."""
    context = browser.new_context(viewport=size, offline=True)
    context.set_default_timeout(10_000)
    shown = Opened(context.new_page())

    def watch(route: object) -> None:
        address = route.request.url
        if address == path.as_uri():
            route.continue_()
        else:
            shown.requests.append(address)
            route.abort()

    context.route(re.compile(r"^(?!data:)"), watch)
    shown.page.on("console", lambda message: shown.complaints.append(message.text))
    shown.page.on("pageerror", lambda error: shown.complaints.append(str(error)))
    shown.page.on("dialog", lambda dialog: (shown.complaints.append(dialog.message), dialog.dismiss()))
    shown.page.goto(path.as_uri())
    shown.page.wait_for_selector(ready)
    return shown


@pytest.fixture
def show(browser):
    """Open a page for one test, which may do with it what it likes."""
    pages = []

    def opened(path: Path, size: dict[str, int] = WIDE) -> Opened:
        pages.append(_open(browser, path, size))
        return pages[-1]

    yield opened
    for shown in pages:
        shown.page.context.close()


@pytest.fixture(scope="module")
def look(browser):
    """Open a page once for all tests of a file that only look at it and touch nothing."""
    pages = {}

    def opened(path: Path, size: dict[str, int] = WIDE, **options: str) -> Opened:
        key = (path, *size.values())
        if key not in pages:
            pages[key] = _open(browser, path, size, **options)
        return pages[key]

    yield opened
    for shown in pages.values():
        shown.page.context.close()
