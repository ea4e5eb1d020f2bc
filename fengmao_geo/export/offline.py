"""A page that needs no network: assets inlined, scripts hashed, the same bytes twice."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, cast

import folium
from branca.element import Element, Link
from folium.template import Template

from fengmao_geo.errors import UsageError
from fengmao_geo.export.theme import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from branca.element import Figure

    from fengmao_geo.messages import Lang

__all__ = [
    "OfflineMap",
    "StartPage",
    "Verbatim",
    "asset",
    "json_text",
    "leaflet_script",
    "leaflet_style",
    "render_page",
]

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_IMAGE = re.compile(r"url\((images/[a-z0-9-]+\.png)\)")
_LANGUAGES = {"zh": "zh-CN", "en": "en"}


class Verbatim(Element):
    """Text that goes into a page as it stands: it is a value of the template, never a template.

    Parameters
    ----------
    text
        What to write.
    """

    _template = Template("{{ this.text }}")

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "Verbatim"
        self.text = text


class OfflineMap(folium.Map):
    """A folium map that loads nothing: no scripts, styles or tiles from elsewhere.

    Parameters
    ----------
    centre
        Latitude and longitude it opens at.
    """

    default_js: list[tuple[str, str]] = []  # noqa: RUF012  # as folium declares it
    default_css: list[tuple[str, str]] = []  # noqa: RUF012  # as folium declares it

    def __init__(self, centre: tuple[float, float]) -> None:
        super().__init__(
            location=centre,
            tiles=None,
            zoom_start=16,
            zoom_control=False,
            prefer_canvas=True,
            attribution_control=False,
            zoom_snap=0.25,
            zoom_delta=0.5,
            font_size="13px",
        )


class StartPage(folium.MacroElement):
    """The call that draws the page's own layers on the map it is added to."""

    _template = Template(
        "{% macro script(this, kwargs) %}fengmao.start({{ this._parent.get_name() }});{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # folium gives it no types
        self._name = "StartPage"


def asset(name: str) -> str:
    """Read one of the page's own scripts or styles.

    Parameters
    ----------
    name
        Its file name.

    Returns
    -------
    str
        Its text.

    Examples
    --------
    >>> asset("data.js").startswith('"use strict";')
    True
    """
    return (
        files("fengmao_geo.export").joinpath("assets", name).read_text(encoding="utf-8").replace("\r\n", "\n")
    )


def _leaflet(name: str) -> bytes:
    return files("xstatic.pkg.leaflet").joinpath("data", *name.split("/")).read_bytes()


@cache
def leaflet_script() -> str:
    """Read Leaflet itself, without the address of its source map."""
    script = _leaflet("leaflet.js").decode("utf-8").replace("\r\n", "\n")
    return re.sub(r"\n//# sourceMappingURL=\S*\s*$", "\n", script)


@cache
def leaflet_style() -> str:
    """Read Leaflet's style with its images inside it."""

    def inline(found: re.Match[str]) -> str:
        return f"url(data:image/png;base64,{base64.b64encode(_leaflet(found[1])).decode('ascii')})"

    style = _leaflet("leaflet.css").decode("utf-8").replace("\r\n", "\n")
    return _IMAGE.sub(inline, style).replace("behavior: url(#default#VML);", "")


def json_text(data: object) -> str:
    r"""Write data as JSON that no template and no HTML reads as anything else.

    Parameters
    ----------
    data
        Dictionaries, lists, text, finite numbers, true, false and ``None``.

    Returns
    -------
    str
        The JSON, ``<`` written as ``\u003c`` and, inside text, ``{`` as ``\u007b``.

    Raises
    ------
    ValueError
        If a number is not finite.

    Examples
    --------
    >>> json_text({"name": "{{x}}</script>"})
    '{"name":"\\u007b\\u007bx}}\\u003c/script>"}'
    """
    plain = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    braced = _STRING.sub(lambda found: found[0].replace("{", "\\u007b"), plain)
    # A lone half of a surrogate pair cannot be written as UTF-8.
    return braced.replace("<", "\\u003c").encode("utf-8", "replace").decode("utf-8")


def render_page(page: OfflineMap, *, title: str, lang: Lang = "zh", tile_hosts: str = "") -> str:
    """Render a map once, with a content-security policy and ids that do not change from run to run.

    Parameters
    ----------
    page
        The map with everything that was added to it and to its figure.
    title
        The page's title; it is escaped.
    lang
        The page's language.
    tile_hosts
        Where pictures may be loaded from; nowhere, unless a basemap was asked for.

    Returns
    -------
    str
        The whole page.

    Raises
    ------
    UsageError
        If something on the map would load a file from elsewhere.

    Examples
    --------
    >>> page = render_page(OfflineMap((30.0, 120.0)), title="{{7*7}}")
    >>> "default-src 'none'" in page, "49" in page.split("</title>")[0]
    (True, False)
    """
    figure = cast("Figure", page.get_root())
    figure.title = escape(title)
    rendered = figure.render().replace("\r\n", "\n")
    links = sorted(element.url for element in _tree(figure) if isinstance(element, Link))
    if links:
        raise UsageError("external_link", links=", ".join(links))
    steady = _steady_ids(rendered, figure)
    policy = _policy(steady, tile_hosts)
    head = f'<html lang="{_LANGUAGES[lang]}">\n<head>\n{policy}\n<link rel="icon" href="data:," />\n'
    return steady.replace("<html>\n<head>\n", head, 1)


def _policy(page: str, tile_hosts: str) -> str:
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode('ascii')}'"
        for script in dict.fromkeys(_SCRIPT.findall(page))
    ]
    pictures = " ".join(["data:", *tile_hosts.split()])
    rules = (
        f"default-src 'none'; script-src {' '.join(hashes)}; style-src 'unsafe-inline'; img-src {pictures}; "
        "base-uri 'none'; form-action 'none'"
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}" />'


def _tree(element: Element) -> Iterator[Element]:
    yield element
    parts = [getattr(element, name, None) for name in ("header", "html", "script")]
    for child in [*(part for part in parts if isinstance(part, Element)), *element._children.values()]:  # noqa: SLF001  # branca offers no other way
        yield from _tree(child)


def _steady_ids(page: str, figure: Figure) -> str:
    random = dict.fromkeys(element._id for element in _tree(figure))  # noqa: SLF001  # branca offers no other way
    steady = {old: f"{number:032x}" for number, old in enumerate(random)}
    return re.sub("|".join(steady), lambda found: steady[found[0]], page)
