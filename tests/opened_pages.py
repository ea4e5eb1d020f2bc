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


@pytest.fixture
def show(browser):
    """Open a file with every other address blocked; nothing but the file may be asked for."""
    contexts = []

    def opened(path: Path, size: dict[str, int] = WIDE) -> Opened:
        context = browser.new_context(viewport=size, offline=True)
        context.set_default_timeout(10_000)
        contexts.append(context)
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
        shown.page.goto(path.as_uri())
        shown.page.wait_for_selector("body[data-drawn]")
        return shown

    yield opened
    for context in contexts:
        context.close()
