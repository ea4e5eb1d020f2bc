"""Planning knowledge as tables to be read: what ``fengmao standards`` prints."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fengmao_geo.errors import UnknownNameError
from fengmao_geo.standards.amap import amap_types
from fengmao_geo.standards.basemaps import basemaps
from fengmao_geo.standards.batch import batch_standard, headlines
from fengmao_geo.standards.figures import FIGURE_FILES, figure_standard
from fengmao_geo.standards.files import read_record, read_toml, shipped
from fengmao_geo.standards.green import green_standard
from fengmao_geo.standards.indicators import indicator_file
from fengmao_geo.standards.join_names import join_names
from fengmao_geo.standards.load import (
    CATALOGUES,
    LAND_SCHEMES,
    catalogue,
    facility_types,
    land_classes,
    walkers,
)
from fengmao_geo.standards.number_words import number_words
from fengmao_geo.standards.osm import osm_standard
from fengmao_geo.standards.public import public_standard
from fengmao_geo.standards.rasters import raster_standard
from fengmao_geo.standards.records import LabelFile, NameFile, Record
from fengmao_geo.standards.red_lines import red_line_standard
from fengmao_geo.standards.routes import route_standard
from fengmao_geo.standards.spaces import space_kinds
from fengmao_geo.standards.uses import controls, uses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from fengmao_geo.standards.spaces import Figure

__all__ = ["standard_names", "standard_table"]


def standard_names() -> list[str]:
    """List the names that :func:`standard_table` takes.

    Returns
    -------
    list of str
        In the order they are printed.

    Examples
    --------
    >>> "township" in standard_names()
    True
    """
    return list(_tables())


def standard_table(name: str) -> pd.DataFrame:
    """Show one body of planning knowledge as a table, each row with its source and its confidence tag.

    Parameters
    ----------
    name
        One of :func:`standard_names`.

    Returns
    -------
    DataFrame
        One row per record, or per figure of it; always with the columns ``source`` and ``tag``.

    Raises
    ------
    UnknownNameError
        If there is no such table; it lists those there are.

    Examples
    --------
    >>> standard_table("walkers").loc[0, ["walker", "tag"]].tolist()
    ['standard', 'V3']
    """
    import pandas as pd  # noqa: PLC0415  # heavy, and only tables need it

    if name not in _tables():
        raise UnknownNameError("unknown_standard", name=name, known=", ".join(_tables()))
    table = pd.DataFrame(_tables()[name]())
    return table[[*(column for column in table if column not in ("source", "tag")), "source", "tag"]]


def _tables() -> dict[str, Callable[[], list[dict[str, Any]]]]:
    return {
        **{which: lambda w=which: _rows(catalogue(w).entries) for which in CATALOGUES},  # type: ignore[misc]  # bound at once
        "facilities": lambda: _rows(facility_types().values()),
        "walkers": lambda: _rows(walkers().values()),
        **{which: lambda w=which: _rows(land_classes(w).values()) for which in LAND_SCHEMES},  # type: ignore[misc]  # bound at once
        "amap_types": lambda: _rows(amap_types().values()),
        "space_kinds": _space_rows,
        "uses": _use_rows,
        "green": _green_rows,
        "indicators": _indicator_rows,
        "headlines": _headline_rows,
        "red_lines": lambda: _rows(red_line_standard().values()),
        "rasters": _raster_rows,
        "school_routes": _route_rows,
        **{name: partial(_figure_rows, figure_standard(name).figures) for name in FIGURE_FILES},
        "number_words": _number_rows,
        "join_names": _join_rows,
        "osm_tags": _osm_rows,
        "public": _public_rows,
        "controls": lambda: _rows(controls().values()),
        "field_names": _name_rows,
        "labels": lambda: _label_rows("labels.toml"),
        "basemaps": lambda: _rows(basemaps().values()),
        "renewal_types": lambda: _label_rows("renewal_types.toml"),
    }


def _headline_rows() -> list[dict[str, Any]]:
    of = batch_standard()
    return [{**one.model_dump(), "source": of.source, "tag": of.tag} for one in headlines()]


def _rows(records: Iterable[Record]) -> list[dict[str, Any]]:
    return [
        {
            name: ", ".join(value) if isinstance(value, tuple) else value
            for name, value in record.model_dump().items()
        }
        for record in records
    ]


def _label_rows(name: str) -> list[dict[str, Any]]:
    read = read_record(shipped(name), LabelFile, read_toml(shipped(name)))
    return [
        {"kind": kind, "value": value, **label.model_dump(), "source": read.source, "tag": read.tag}
        for kind, labels in read.labels.items()
        for value, label in labels.items()
    ]


def _space_rows() -> list[dict[str, Any]]:
    """Show each kind of space, then its figures and those of open land."""
    read = space_kinds()
    rows = [{"kind": "", "figure": name, **figure.model_dump()} for name, figure in read.figures.items()]
    for kind, record in read.kinds.items():
        (shown,) = _rows([record])
        rows.append({**shown, "kind": kind, "figure": ""})
        del rows[-1]["figures"]
        rows += [
            {"kind": kind, "figure": name, **figure.model_dump()} for name, figure in record.figures.items()
        ]
    return rows


def _green_rows() -> list[dict[str, Any]]:
    """Show each figure, then each rule of park coverage, then each indicator."""
    read = green_standard()
    rows = [{"figure": name, **figure.model_dump()} for name, figure in read.figures.items()]
    rows += [
        {"rule_set": name, "name_zh": of.name_zh, "name_en": of.name_en, **rule.model_dump()}
        for name, of in read.rule_sets.items()
        for rule in of.rules
    ]
    return rows + _rows(read.indicators.values())


def _indicator_rows() -> list[dict[str, Any]]:
    """Show what formulas take as given, then each indicator."""
    read = indicator_file()
    return _figure_rows(read.figures) + _rows(read.indicators.values())


def _raster_rows() -> list[dict[str, Any]]:
    """Show each figure, then each raster with its highest value, then the other names of each band."""
    read = raster_standard()
    own = {"source": read.source, "tag": read.tag}
    rows: list[dict[str, Any]] = [
        {"figure": name, **figure.model_dump()} for name, figure in read.figures.items()
    ]
    rows += [
        {"figure": "value_max", "kind": kind, **of.value_max.model_dump()}
        for kind, of in read.kinds.items()
        if of.value_max
    ]
    rows += [
        {
            "kind": of.kind,
            "name": name,
            "name_zh": of.name_zh,
            "name_en": of.name_en,
            "bands": ", ".join(read.kind(name).required),
            "also": ", ".join(of.aliases),
            **own,
        }
        for name, of in read.rasters.items()
    ]
    return rows + [
        {"kind": kind, "name": band, "also": ", ".join(also), **own}
        for kind, of_kind in read.kinds.items()
        for band, also in of_kind.bands.items()
    ]


def _figure_rows(figures: Mapping[str, Figure]) -> list[dict[str, Any]]:
    return [{"figure": name, **figure.model_dump()} for name, figure in figures.items()]


def _route_rows() -> list[dict[str, Any]]:
    """Show the classes of main roads, then each figure."""
    read = route_standard()
    classes = {"main_classes": ", ".join(read.main_classes), "source": read.source, "tag": read.tag}
    return [classes, *({"figure": name, **figure.model_dump()} for name, figure in read.figures.items())]


def _number_rows() -> list[dict[str, Any]]:
    """Show each figure, then each unit and counting word, then the marks for what is not known."""
    read = number_words()
    own = {"source": read.source, "tag": read.tag}
    rows = [{"kind": "figure", "name": name, **it.model_dump()} for name, it in read.figures.items()]
    for kind, words in (("unit", read.units), ("counting word", read.multipliers)):
        shown = _rows(words.values())
        rows += [{"kind": kind, "name": name, **row} for name, row in zip(words, shown, strict=True)]
    marks = {"missing": read.missing, "about_before": read.about_before, "about_after": read.about_after}
    return rows + [
        {"kind": kind, "name": kind, "words": ", ".join(words), **own} for kind, words in marks.items()
    ]


def _join_rows() -> list[dict[str, Any]]:
    """Show the endings of names by kind of place, then the names of rows that are sums."""
    read = join_names()
    return [
        {"kind": kind, "words": ", ".join(words), "source": read.source, "tag": read.tag}
        for kind, words in {**read.kinds, "totals": read.totals}.items()
    ]


def _osm_rows() -> list[dict[str, Any]]:
    """Show each figure, then each table of tags: what is written in the data, and what it means here."""
    read = osm_standard()
    own = {"source": read.source, "tag": read.tag}
    rows = [{"kind": "", "figure": name, **figure.model_dump()} for name, figure in read.figures.items()]
    for kind, table in read.model_dump(exclude={"figures"}).items():
        if not isinstance(table, dict):
            continue
        # A list of rules is shown under its own name, a table of meanings rule by rule.
        for name, meaning in table.items():
            told = meaning.items() if isinstance(meaning, dict) else [(name, meaning)]
            rows += [
                {
                    "kind": kind,
                    "name": rule,
                    "also": ", ".join(value) if isinstance(value, tuple) else value,
                    **own,
                }
                for rule, value in told
            ]
    return rows


def _public_rows() -> list[dict[str, Any]]:
    """Show each figure, then the columns of each layer handed out, then what stays inside of them."""
    read = public_standard()
    own = {"source": read.source, "tag": read.tag}
    held = {f"withheld.{name}": words for name, words in read.withheld.model_dump().items()}
    lists = {f"layers.{layer}": columns for layer, columns in read.layers.items()} | held
    lists["rasters.kept"] = read.rasters.kept
    return _figure_rows(read.figures) + [
        {"kind": kind, "words": ", ".join(words), **own} for kind, words in lists.items()
    ]


def _use_rows() -> list[dict[str, Any]]:
    """Show each use, then its figures."""
    rows = []
    for use, record in uses().items():
        shown = _rows([record])[0]
        rows.append({**shown, "figure": ""})
        figures = shown.pop("figures")
        del rows[-1]["figures"]
        rows += [
            {"use": use, "figure": name, **figure} for name, figure in figures.items() if figure is not None
        ]
    return rows


def _name_rows() -> list[dict[str, Any]]:
    read = read_record(shipped("field_names.toml"), NameFile, read_toml(shipped("field_names.toml")))
    named = [("layer", "", layer, theirs) for layer, theirs in read.layers.items()]
    named += [("column", layer, *of) for layer, columns in read.columns.items() for of in columns.items()]
    for layer, value_columns in read.values.items():  # noqa: PD011  # a record, not a frame
        for column, words in value_columns.items():
            named += [("value", f"{layer}.{column}", *of) for of in words.items()]
    return [
        {
            "kind": kind,
            "of": of,
            "name": name,
            "also": ", ".join(theirs),
            "source": read.source,
            "tag": read.tag,
        }
        for kind, of, name, theirs in named
    ]
