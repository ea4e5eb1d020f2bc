"""A page that needs no network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from html.parser import HTMLParser

import folium
import pytest
from branca.element import CssLink, Element, JavascriptLink
from hypothesis import given, settings
from hypothesis import strategies as st

from fengmao_geo.errors import UsageError
from fengmao_geo.export.offline import (
    OfflineMap,
    StartPage,
    Verbatim,
    asset,
    json_text,
    leaflet_script,
    leaflet_style,
    render_page,
)

HERE = (30.7, 120.7)
RUNS_PYTHON = "{{ cycler.__init__.__globals__.os.environ.__setitem__('FENGMAO_RAN', '1') }}"
HOSTILE = [
    "{{7*7}}",
    RUNS_PYTHON,
    "{% raw %}",
    "{# gone #}",
    "${alert(1)}",
    "`back`",
    "</script><script>window.ran = 1</script>",
    "<!--<script>",
    "<img src=x onerror=window.ran=1>",
    "\"quoted\" 'twice' \\ &amp; \u2028",
]


class Parts(HTMLParser):
    """Scripts, and every attribute that may name a file."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.addresses: list[str] = []
        self.in_script = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.in_script = tag == "script"
        if self.in_script:
            self.scripts.append((dict(attrs), ""))
        self.addresses += [
            value for name, value in attrs if name in {"src", "href", "data", "action", "srcset"}
        ]

    def handle_data(self, data):
        if self.in_script:
            given, text = self.scripts[-1]
            self.scripts[-1] = (given, text + data)

    def handle_endtag(self, tag):
        self.in_script = self.in_script and tag != "script"


def a_page(*texts: str) -> str:
    page = OfflineMap(HERE)
    for text in texts:
        page.get_root().header.add_child(Verbatim(text))
    page.add_child(folium.FitBounds([[30.6, 120.6], [30.8, 120.8]]))
    page.add_child(StartPage())
    return render_page(page, title="水乡镇")


def policy(page: str) -> str:
    found = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


PLAIN = st.none() | st.booleans() | st.integers() | st.text()


@settings(deadline=None)
@given(st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_reads_back_as_it_was(data):
    assert json.loads(json_text(data)) == data


@pytest.mark.parametrize("text", HOSTILE)
def test_json_holds_nothing_that_a_template_or_html_reads(text):
    written = json_text({text: [text, {"name": text}]})
    assert "<" not in written
    assert not re.search(r"\{[{%#]", written)
    assert json.loads(written) == {text: [text, {"name": text}]}


def test_json_refuses_a_number_that_is_none():
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text([float("nan")])


def test_json_writes_half_a_character_as_a_question_mark():
    assert json_text(["\ud800"]) == '["?"]'


@pytest.mark.parametrize("text", HOSTILE)
def test_text_written_as_it_stands_is_no_template(text, monkeypatch):
    monkeypatch.delenv("FENGMAO_RAN", raising=False)
    assert text in a_page(f"<!-- {text} -->")
    assert "FENGMAO_RAN" not in os.environ


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_title_is_shown_as_typed(text, monkeypatch):
    monkeypatch.delenv("FENGMAO_RAN", raising=False)
    page = render_page(OfflineMap(HERE), title=text)
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title is not None
    assert html.unescape(title[1]) == text
    assert "FENGMAO_RAN" not in os.environ


def test_two_maps_of_the_same_things_are_the_same_page():
    assert a_page("<p>one</p>") == a_page("<p>one</p>")


def test_no_id_of_folium_is_left_to_chance():
    ids = re.findall(r"[0-9a-f]{32}", a_page())
    assert ids
    assert all(number.startswith("0" * 28) for number in ids)


def test_every_id_keeps_its_meaning():
    page = a_page()
    name = re.search(r"var (map_[0-9a-f]{32}) = L.map", page)
    assert name is not None
    assert f'id="{name[1]}"' in page
    assert f"{name[1]}.fitBounds" in page
    assert f"fengmao.start({name[1]})" in page


def test_a_number_in_the_data_that_looks_like_an_id_stays():
    assert "f" * 32 in a_page(f"<p>{'f' * 32}</p>")


@pytest.mark.parametrize("link", [JavascriptLink, CssLink])
def test_anything_that_would_load_from_elsewhere_is_an_error(link):
    page = OfflineMap(HERE)
    page.get_root().header.add_child(link("https://example.org/file"))
    with pytest.raises(UsageError, match=r"https://example\.org/file") as caught:
        render_page(page, title="")
    assert "elsewhere" in caught.value.text(lang="en")


def test_a_link_hidden_in_an_element_on_the_map_is_an_error():
    page = OfflineMap(HERE)
    inner = Element("<p></p>")
    inner.add_child(JavascriptLink("https://example.org/deep.js"))
    page.add_child(inner)
    with pytest.raises(UsageError):
        render_page(page, title="")


def test_folium_adds_nothing_of_its_own_from_elsewhere():
    assert Parts(a_page()).addresses == ["data:,"]


def test_every_script_that_runs_is_hashed():
    page = a_page("<script>one()</script>", "<script>two('水')</script>")
    running = [text for given, text in Parts(page).scripts if "type" not in given]
    assert len(running) == 4
    for text in running:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy(page)


def test_the_policy_allows_nothing_else():
    rules = dict(rule.strip().split(" ", 1) for rule in policy(a_page()).split(";"))
    assert "'unsafe-inline'" not in rules.pop("script-src")
    assert rules == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_policy_comes_before_everything_it_governs():
    page = a_page("<style>p {}</style>")
    assert page.index("Content-Security-Policy") < min(
        page.index("<script"), page.index("<style"), page.index("<title")
    )


def test_the_page_says_its_language():
    assert '<html lang="zh-CN">' in a_page()
    assert '<html lang="en">' in render_page(OfflineMap(HERE), title="", lang="en")


def test_leaflet_is_whole_and_names_no_other_file():
    assert "Leaflet 1.9" in leaflet_script()
    assert "sourceMappingURL" not in leaflet_script()
    assert "</script" not in leaflet_script()


def test_the_style_of_leaflet_carries_its_images():
    addresses = re.findall(r"url\(([^)]*)\)", leaflet_style())
    assert addresses
    assert all(address.startswith("data:image/png;base64,") for address in addresses)


@pytest.mark.parametrize(
    "name", ["data.js", "paint.js", "map.js", "labels.js", "cards.js", "panel.js", "start.js"]
)
def test_our_scripts_write_text_as_text_only(name):
    script = asset(name)
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "</script",
    ):
        assert way not in script
    assert "http" not in script.replace("http://www.w3.org/2000/svg", "")
