"""Make every picture of the gallery from a run of the sample town: `python docs/make_pictures.py [RUN]`.

RUN is the folder of a saved run of the sample (`fg.write_results`); without it the sample is studied anew,
with a programme of 8 million yuan. What is handed in is written to a folder that is thrown away, opened as
its readers open it, and photographed: maps and report in Chromium, with the network cut off, the workbook
in LibreOffice. The run of an earlier year is derived from the sample's layers before renewal.

Needed besides the library: `playwright`, `chromium`, `libreoffice` and `poppler-utils`, and a Chinese font.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

import fengmao_geo as fg

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DOCS = Path(__file__).parent
BUDGET_WAN = 800
BEFORE, NOW = "2019-12-31", "2024-12-31"
MOST_KB = 250
WIDE = {"width": 1280, "height": 800}
SPACE_CARD = """(kind) => {
  const map = fengmao.homeShapes[0]._map;
  const item = fengmao.spaceItems.find((one) => one.kind.name === kind);
  fengmao.openSpace(map, item, L.polygon(fengmao.unpackPolygon(item.shape)).getBounds().getCenter());
}"""


def main() -> None:
    """Study or read, write, open, photograph."""
    results = fg.read_results(sys.argv[1]) if len(sys.argv) > 1 else studied()
    with TemporaryDirectory() as folder:
        out = Path(folder)
        fg.write_block_maps(results, folder=out)
        fg.write_report(results, folder=out)
        fg.write_workbook(results, out / "workbook.xlsx")
        fg.write_track_files(tracked(results, out), folder=out)
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            photograph_maps(browser, out)
            print_report(browser, out)
            browser.close()
        photograph_pages(out)
        for name in ("track_indicators", "track_projects"):
            keep(Image.open(out / f"{name}.png"), name)


def studied() -> fg.Results:
    """Study the sample town with a programme."""
    town = fg.sample_town()
    return fg.study(town, site=fg.site_settings(town, asked={"budget_wan": BUDGET_WAN}))


def tracked(results: fg.Results, out: Path) -> object:
    """Put the town before renewal beside the town as it stands: two runs of the dates of its layers."""
    measured = results.indicators
    before = measured[measured["state"] == "before"].assign(state="now")
    now = measured[measured["indicator"].isin(before["indicator"])]
    runs = {
        BEFORE: fg.Results(earlier_town(results.town), indicators=before),
        NOW: fg.Results(results.town, indicators=now),
    }
    for on, run in runs.items():
        fg.write_results(run, out / on, run_on=on)
    return fg.track_runs([out / on for on in runs])


def earlier_town(town: fg.Town) -> fg.Town:
    """Take projects back to an earlier day: what was not begun by then has no progress and was not paid."""
    projects = town["projects"]
    is_done = (projects["completed_on"] <= BEFORE).fillna(value=False)
    is_begun = (projects["started_on"] <= BEFORE).fillna(value=False)
    back = {
        "progress_share": projects["progress_share"].where(is_done).mask(~is_begun, 0.0),
        "paid_wan": projects["paid_wan"].where(is_done).mask(~is_begun, 0.0),
        "started_on": projects["started_on"].where(is_begun),
        "completed_on": projects["completed_on"].where(is_done),
    }
    kept = {name: town[name] for name in ("built_up", "streets", "buildings", "blocks")}
    return fg.Town.from_layers(
        name=town.name, crs=town.crs, settings=town.settings, projects=projects.assign(**back), **kept
    )


def opened(browser: Browser, path: Path) -> Page:
    """Open a page without a network, and wait until its map is drawn."""
    page = browser.new_context(viewport=WIDE, offline=True).new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-drawn]")
    return page


def photograph_maps(browser: Browser, out: Path) -> None:
    """Photograph the maps as they open, and with what a click shows."""
    page = opened(browser, out / "index.html")
    shoot(page, "town_map")
    page = opened(browser, out / "block_01.html")
    shoot(page, "block_map")
    page.locator(".sites .site").first.click()
    page.locator(".sites").first.evaluate("box => box.closest('section').scrollIntoView({ block: 'start' })")
    shoot(page, "programme")
    page = opened(browser, out / "block_03.html")
    page.evaluate("fengmao.change({ spaces: true, sites: false })")
    page.evaluate(SPACE_CARD, "闲置粮仓")
    page.locator(".spaces").evaluate("box => box.scrollIntoView({ block: 'start' })")
    shoot(page, "spaces")
    page = opened(browser, out / "block_02.html")
    page.evaluate("fengmao.change({ sites: false })")
    page.locator(".view[data-view=swipe]").click()
    page.locator(".green").evaluate("box => box.scrollIntoView({ block: 'start' })")
    shoot(page, "green_slider")


def shoot(page: Page, name: str) -> None:
    """Photograph what is seen once it no longer moves."""
    page.wait_for_timeout(1500)
    target = DOCS / f"{name}.png"
    page.screenshot(path=target)
    keep(Image.open(target), name)


def print_report(browser: Browser, out: Path) -> None:
    """Print the report to PDF, on the sizes of paper it asks for."""
    page = browser.new_context(offline=True).new_page()
    page.goto((out / "report.html").as_uri())
    page.pdf(path=out / "report.pdf", prefer_css_page_size=True, print_background=True)


def photograph_pages(out: Path) -> None:
    """Photograph pages of the report and of the printed workbook, found by what they say."""
    program = shutil.which("soffice") or "soffice"
    profile = f"-env:UserInstallation={(out / 'office').as_uri()}"
    command = [program, "--headless", profile, "--convert-to", "pdf", "--outdir", out, out / "workbook.xlsx"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603  fixed words and our own paths
    keep(pdf_page(out / "report.pdf", "1号更新区块市河历史街区生活圈可达", dpi=90), "report_page")
    keep(pdf_page(out / "report.pdf", "水乡镇1号更新区块", dpi=90, is_last=True), "report_sheet")
    sheets = {"workbook_blocks": "更新区块一览", "workbook_matrix": "区块×批次、区块×主题"}
    for name, words in sheets.items():
        keep(without_foot(pdf_page(out / "workbook.pdf", words, dpi=110)), name)


def pdf_page(path: Path, words: str, *, dpi: int, is_last: bool = False) -> Image.Image:
    """Draw the first or the last page on which some words stand."""
    texts = tool("pdftotext", "-layout", path, "-").split("\f")
    found = [number for number, text in enumerate(texts, 1) if words in text.replace(" ", "")]
    if not found:
        raise LookupError(f"{path.name}: no page says {words}")
    number = str(found[-1 if is_last else 0])
    stem = path.with_suffix("")
    tool("pdftoppm", "-r", str(dpi), "-f", number, "-l", number, "-png", "-singlefile", path, stem)
    return Image.open(f"{stem}.png")


def without_foot(page: Image.Image) -> Image.Image:
    """Cut a page off below what stands on it, with the line at its foot."""
    body = page.convert("L").crop((0, 0, page.width, int(0.93 * page.height)))
    bottom = body.point(lambda grey: 255 if grey < 250 else 0).getbbox()[3]
    return page.crop((0, 0, page.width, min(page.height, bottom + 30)))


def tool(name: str, *words: str | Path) -> str:
    """Run a tool of poppler."""
    command = [shutil.which(name) or name, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  as above


def keep(picture: Image.Image, name: str) -> None:
    """Keep a picture as wide as a screen, or narrower where it would be too large to be looked at."""
    target = DOCS / f"{name}.png"
    for width in (1280, 1160, 1040, 920):
        shown = picture.convert("RGB")
        shown.thumbnail((width, width))
        few = shown.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE)
        few.save(target, optimize=True)
        if target.stat().st_size <= MOST_KB * 1000:
            return
    raise ValueError(f"{target.name} is larger than {MOST_KB} KB")


if __name__ == "__main__":
    main()
