"""How QGIS draws a layer and what it calls its fields, as the XML that a GeoPackage carries."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from xml.etree.ElementTree import Element, SubElement, tostring

from fengmao_geo.export.space_words import capital, kind_name, use_name
from fengmao_geo.export.theme import named, theme
from fengmao_geo.messages import has_text, text
from fengmao_geo.standards.load import display_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fengmao_geo.messages import Lang

__all__ = ["Shown", "field_name", "looks", "qml", "value_names"]

_VERSION = "3.22.16"
_LARGE = 1e12
# What is not known is drawn below every number.
_UNKNOWN = -1.0
_GREY = "#c9c9c9"
_OPAQUE = 255
_FONT = "Noto Sans CJK SC"
_COMMON = {"forceraster": "0", "enableorderby": "0", "symbollevels": "0"}
_PARTS = {"fill": "SimpleFill", "line": "SimpleLine", "marker": "SimpleMarker"}


class Shown(NamedTuple):
    """What a style is made for.

    Parameters
    ----------
    style
        Name of its style in ``geopackage.toml``; empty for a table without shapes.
    symbol
        ``fill``, ``line`` or ``marker``; empty for a table without shapes.
    columns
        Its columns and what they are called.
    """

    style: str
    symbol: str
    columns: Mapping[str, str]


@cache
def looks() -> dict[str, Any]:
    """Read how layers are drawn.

    Returns
    -------
    dict
        ``order`` of layers, ``names`` of values by column, ``style`` by layer.

    Examples
    --------
    >>> looks()["style"]["spaces"]["column"]
    'kind'
    """
    return tomllib.loads(files("fengmao_geo.export").joinpath("geopackage.toml").read_text(encoding="utf-8"))


def value_names(column: str, *, layer: str = "", lang: Lang = "zh") -> dict[str, str]:
    """List what the values of a column are called.

    Parameters
    ----------
    column
        The column.
    layer
        The layer, where its values have names of their own.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    dict
        Value, then its name; empty where values are not of a known list.

    Examples
    --------
    >>> value_names("owner", lang="en")["state"], value_names("species")
    ('State-owned', {})
    """
    if (layer, column) in _OWN_NAMES:
        return _own_names(_OWN_NAMES[layer, column], lang)
    kind = looks()["names"].get(column, "")
    if kind in _OWN_KINDS:
        return {value: text(f"geopackage.{kind}.{value}", lang=lang) for value in _OWN_KINDS[kind]}
    if kind == "space_kind":
        return {value: kind_name(value, lang=lang) for value in theme()["space"]["kind"]}
    return {value: named(kind, value, lang=lang) for value in display_names().get(kind, {})}


def _own_names(kind: str, lang: Lang) -> dict[str, str]:
    if kind == "site_use":
        from fengmao_geo.standards.uses import uses  # noqa: PLC0415  beside its use

        return {use: capital(use_name(use, lang=lang)) for use in uses()}
    return {value: named(kind, value, lang=lang) for value in display_names().get(kind, {})}


#: Columns whose values mean something else in one layer: their kind of labels; empty for none.
_OWN_NAMES = {
    ("sites", "use"): "site_use",
    ("projects", "use"): "site_use",
    ("red_lines", "status"): "red_line_status",
    ("spaces", "basis"): "",
}

#: Values that only this file has.
_OWN_KINDS: dict[str, tuple[str, ...]] = {
    "bank_state": ("green_path", "path", "green", "neither", "unknown"),
    "vertical_place": ("roof", "wall", "pier"),
    "link_kind": ("footbridge", "gate", "way", "closed"),
}


def qml(shown: Shown, *, lang: Lang = "zh") -> str:
    """Write the style of a layer as QGIS reads it.

    Parameters
    ----------
    shown
        The layer.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        A QML document: symbols, labels, aliases of the fields and names of their values.

    Examples
    --------
    >>> "categorizedSymbol" in qml(Shown("spaces", "fill", {"kind": "Kind"}), lang="en")
    True
    >>> "renderer" in qml(Shown("", "", {"name": "Name"}))
    False
    """
    root = Element("qgis", version=_VERSION, styleCategories="Symbology|Labeling|Fields|Forms")
    look = looks()["style"].get(shown.style)
    if look is not None and shown.symbol:
        _renderer(root, look, shown, lang)
        if look.get("label") in shown.columns:
            _labels(root, look, shown)
    _fields(root, shown, lang)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(root, encoding="unicode")


def _renderer(root: Element, look: dict[str, Any], shown: Shown, lang: Lang) -> None:
    column = look.get("column")
    if column not in shown.columns:
        made = SubElement(root, "renderer-v2", {"type": "singleSymbol", **_COMMON})
        _symbols(made, look, [look.get("fill", _GREY)], shown.symbol)
    elif "steps" in look:
        _graduated(root, look, shown, lang)
    else:
        _categorised(root, look, shown, lang)


def _categorised(root: Element, look: dict[str, Any], shown: Shown, lang: Lang) -> None:
    """Give each value its colour; what is none of them, or missing, is grey."""
    colours = _colours(look)
    called = value_names(look["column"], layer=shown.style, lang=lang)
    made = SubElement(root, "renderer-v2", {"type": "categorizedSymbol", "attr": look["column"], **_COMMON})
    box = SubElement(made, "categories")
    rest = text("geopackage.rest", lang=lang)
    rows = [*((value, called.get(value, value)) for value in colours), ("", rest)]
    for at, (value, label) in enumerate(rows):
        SubElement(box, "category", value=value, label=label, symbol=str(at), render="true", type="string")
    widths = [look.get("widths_mm", {}).get(value) for value, _ in rows]
    _symbols(made, look, [*colours.values(), _GREY], shown.symbol, widths=widths)


def _graduated(root: Element, look: dict[str, Any], shown: Shown, lang: Lang) -> None:
    """Give each class its colour; QGIS would leave out what is not known, so that it gets a class below."""
    column, colours, bounds = look["column"], _listed(look["steps"]), _listed(look["bounds"])
    attr = f'coalesce("{column}", {_UNKNOWN:g})'
    kind = {"type": "graduatedSymbol", "attr": attr, "graduatedMethod": "GraduatedColor"}
    made = SubElement(root, "renderer-v2", kind | _COMMON)
    box = SubElement(made, "ranges")
    edges = [0.0, *(float(bound) for bound in bounds), _LARGE]
    classes = [(_UNKNOWN, _UNKNOWN, text("label.unknown", lang=lang))]
    classes += [
        (low, high, _class_name(low, high, column, lang))
        for low, high in list(pairwise(edges))[: len(colours)]
    ]
    # The first range that holds a value takes it: what stands on an edge belongs to the class above.
    for at, (low, high, label) in reversed(list(enumerate(classes))):
        ends = {"lower": f"{low:.15g}", "upper": f"{high:.15g}"}
        SubElement(box, "range", {"label": label, "symbol": str(at), "render": "true", **ends})
    _symbols(made, look, [_GREY, *colours], shown.symbol)


def _class_name(low: float, high: float, column: str, lang: Lang) -> str:
    one, other = (f"{100 * end:.0f}%" if column.endswith("_share") else f"{end:g}" for end in (low, high))
    if high >= _LARGE:
        if column.endswith("_share") and low >= 1:
            return one
        return text("geopackage.at_least", lang=lang, low=one)
    return text("geopackage.between", lang=lang, low=one, high=other)


def _symbols(
    made: Element,
    look: dict[str, Any],
    colours: Sequence[str],
    symbol: str,
    *,
    widths: Sequence[float | None] = (),
) -> None:
    box = SubElement(made, "symbols")
    for at, colour in enumerate(colours):
        one = SubElement(
            box, "symbol", name=str(at), type=symbol, alpha="1", clip_to_extent="1", force_rhr="0"
        )
        layer = SubElement(
            one, "layer", {"class": _PARTS[symbol], "pass": "0", "locked": "0", "enabled": "1"}
        )
        width = (widths[at] if widths else None) or look.get("width_mm", 0.4)
        _properties(layer, _properties_of(look, colour, symbol, width))


def _properties_of(look: dict[str, Any], colour: str, symbol: str, width_mm: float) -> dict[str, str]:
    opacity = look.get("opacity", 1.0)
    edge = _rgba(look["line"]) if "line" in look else _rgba(colour)
    if symbol == "line":
        return {
            "line_color": _rgba(colour),
            "line_width": f"{width_mm:g}",
            "line_width_unit": "MM",
            "line_style": "solid",
            "capstyle": "round",
            "joinstyle": "round",
        }
    shared = {
        "color": _rgba(colour, opacity),
        "outline_color": edge,
        "outline_style": "solid",
        "outline_width_unit": "MM",
    }
    if symbol == "marker":
        size = f"{look.get('size_mm', 2):g}"
        return {"name": "circle", "size": size, "size_unit": "MM", "outline_width": "0.2", **shared}
    return {"style": "solid", "joinstyle": "miter", "outline_width": f"{width_mm:g}", **shared}


def _properties(parent: Element, values: Mapping[str, str]) -> None:
    """Write properties in the way of today's QGIS and in that of older ones."""
    options = SubElement(parent, "Option", type="Map")
    for name, value in values.items():
        SubElement(options, "Option", name=name, type="QString", value=value)
    for name, value in values.items():
        SubElement(parent, "prop", k=name, v=value)


def _labels(root: Element, look: dict[str, Any], shown: Shown) -> None:
    labeling = SubElement(root, "labeling", type="simple")
    settings = SubElement(labeling, "settings", calloutType="simple")
    ink = _rgba(theme()["page"]["ink"])
    style = SubElement(
        settings,
        "text-style",
        fieldName=look["label"],
        isExpression="0",
        fontFamily=_FONT,
        fontSize=str(look.get("label_size", 8)),
        fontSizeUnit="Point",
        textColor=ink,
        textOpacity="1",
    )
    white = _rgba("#ffffff")
    SubElement(
        style, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM", bufferColor=white
    )
    # Lines are named along themselves, areas over them, points around them.
    placement = {"line": "3", "fill": "4", "marker": "6"}[shown.symbol]
    SubElement(
        settings, "placement", placement=placement, placementFlags="10", centroidInside="1", dist="0.5"
    )
    # A block or a compound is no obstacle to the names of what lies in it.
    SubElement(settings, "rendering", drawLabels="1", obstacle="0", mergeLines="1")


def _fields(root: Element, shown: Shown, lang: Lang) -> None:
    """Name the fields, and the values of those that are of a known list."""
    configuration = SubElement(root, "fieldConfiguration")
    for column in shown.columns:
        field = SubElement(configuration, "field", name=column, configurationFlags="None")
        called = value_names(column, layer=shown.style, lang=lang)
        widget = SubElement(field, "editWidget", type="ValueMap" if called else "")
        options = SubElement(SubElement(widget, "config"), "Option", type="Map")
        if called:
            listed = SubElement(options, "Option", name="map", type="List")
            for value, name in called.items():
                one = SubElement(listed, "Option", type="Map")
                SubElement(one, "Option", name=name, type="QString", value=value)
    aliases = SubElement(root, "aliases")
    for at, (column, name) in enumerate(shown.columns.items(), start=1):
        SubElement(aliases, "alias", field=column, index=str(at), name=name)
    title = next((name for name in ("name", "area_name", "block_name") if name in shown.columns), None)
    if title:
        SubElement(root, "previewExpression").text = f'"{title}"'


def _colours(look: dict[str, Any]) -> dict[str, str]:
    colours = look["colours"] if isinstance(look["colours"], dict) else _at(look["colours"])
    return {value: of["colour"] if isinstance(of, dict) else of for value, of in colours.items()}


def _listed(values: str | list[Any]) -> list[Any]:
    return cast("list[Any]", _at(values)) if isinstance(values, str) else values


def _at(place: str) -> Any:  # noqa: ANN401  colours and lists of them
    """Look a place of the theme up, such as ``reach.steps``."""
    found: Any = theme()
    for part in place.split("."):
        found = found[part]
    return found


def _rgba(colour: str, opacity: float = 1.0) -> str:
    code = colour if colour.startswith("#") else str(_at(colour))
    digits = code[1:] if len(code) > 4 else "".join(2 * letter for letter in code[1:])
    parts = [int(digits[at : at + 2], 16) for at in (0, 2, 4)]
    return ",".join(str(part) for part in [*parts, round(_OPAQUE * opacity)])


def field_name(column: str, *, lang: Lang = "zh") -> str:
    """Write what a column is called; its id where it has no name.

    Parameters
    ----------
    column
        The column.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    str
        Its name.

    Examples
    --------
    >>> field_name("area_m2", lang="en"), field_name("unheard_of")
    ('area (m²)', 'unheard_of')
    """
    key = f"column.{column}"
    return text(key, lang=lang) if has_text(key) else column
