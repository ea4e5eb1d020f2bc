"""A first ``town.toml`` for a pile of files: what each seems to hold, and what must be said of it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pyproj import CRS

from fengmao_geo.errors import TownError
from fengmao_geo.geo.crs import parse_crs, town_crs_fault
from fengmao_geo.geo.diagnose import likely, typical, zone_list
from fengmao_geo.geo.zones import crs_name, suggested_crs
from fengmao_geo.messages import text
from fengmao_geo.standards.load import LAND_SCHEMES, field_names, land_classes
from fengmao_geo.standards.names import normalise
from fengmao_geo.tables import DRAFT, LAYERS, REQUIRED_LAYERS
from fengmao_geo.town.town_file import LayerPart
from fengmao_geo.town.vector import read_vector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import geopandas as gpd

    from fengmao_geo.messages import Lang

__all__ = ["Draft", "draft_town"]

_LONLAT = CRS.from_epsg(4326)

_AXES: tuple[Literal["x", "y"], ...] = ("x", "y")

#: Columns that every layer may have tell nothing of which it is.
_COMMON = ("id", "name", "people")


@dataclass(frozen=True)
class Draft:
    """A first ``town.toml``, and what it was drawn up from.

    Parameters
    ----------
    toml
        The text of the file.
    sources
        The table ``draft``: one row per table of a file.
    """

    toml: str
    sources: pd.DataFrame

    def __repr__(self) -> str:
        """Count what was recognised."""
        return f"<Draft: {self.sources['layer'].notna().sum()} layers of {len(self.sources)} tables>"

    def _repr_html_(self) -> str:
        return str(self.sources.to_html(index=False, na_rep=""))


@dataclass(frozen=True)
class _Found:
    """One table of a file, and what it seems to be."""

    path: Path
    part: LayerPart
    frame: gpd.GeoDataFrame | None
    fault: str = ""
    layer: str | None = None
    known: tuple[str, ...] = ()
    schemes: tuple[str, ...] = field(default=())

    @property
    def unknown(self) -> list[str]:
        if self.frame is None:
            return []
        shape, used = self.frame.geometry.name, {*self.known, self.part.x, self.part.y}
        return [str(name) for name in self.frame.columns if name != shape and name not in used]


def draft_town(
    files: Iterable[str | Path], *, folder: str | Path, name: str | None = None, lang: Lang = "zh"
) -> Draft:
    """Draw up a ``town.toml`` by looking at files: their layers, coordinate systems, encodings and fields.

    What the files do not say is left open with a word on what it looks like; nothing is assumed.

    Parameters
    ----------
    files
        Files and folders of layers.
    folder
        Where ``town.toml`` will lie; paths in it are relative to that.
    name
        The town's name; the folder's if it is left out.
    lang
        The language of the remarks.

    Returns
    -------
    Draft
        The text, and a row for each table: ``file, table, layer`` (missing where it is not known), ``crs``,
        ``row_count, known_columns, unknown_columns, fault``.

    Examples
    --------
    >>> draft_town([], folder="town", lang="en").sources.shape[0]
    0
    """
    place = Path(folder)
    found = _settled(
        [
            _recognised(one)
            for path in map(Path, files)
            for one in _tables(path, LayerPart(path=str(path)), lang)
        ]
    )
    crs = _town_crs(found)
    lines = [*_head(name or place.resolve().name, crs, lang), *_sections(found, place, lang)]
    return Draft("\n".join(lines) + "\n", _sources(found))


def _tables(path: Path, part: LayerPart, lang: Lang) -> Iterator[_Found]:
    """Read each table of a file; what cannot be read is told in the words of its finding."""
    try:
        frame, _ = read_vector(path, layer=path.stem, part=part)
    except TownError as error:
        code, values = str(error.findings["code"].iloc[0]), dict(error.findings["values"].iloc[0])
    else:
        yield _Found(path, part, frame)
        return
    named = str(values.get("known", "")).split(", ")
    if code == "table_unnamed" and part.layer is None:
        for name in named:
            yield from _tables(path, part.model_copy(update={"layer": name}), lang)
    elif code == "xy_unnamed" and part.x is None and all(xy := [_coordinate(axis, named) for axis in _AXES]):
        yield from _tables(path, part.model_copy(update=dict(zip(_AXES, xy, strict=True))), lang)
    else:
        yield _Found(path, part, None, text(f"finding.{code}.found", lang=lang, **values))


def _coordinate(axis: Literal["x", "y"], columns: Sequence[str]) -> str | None:
    by_name = {normalise(column): column for column in reversed(columns)}
    tried = (by_name.get(normalise(name)) for name in field_names().coordinates[axis])
    return next((column for column in tried if column is not None), None)


def _recognised(found: _Found) -> _Found:
    """Tell a table's layer by its name, else by columns that no other layer has."""
    if found.frame is None:
        return found
    names = field_names()
    called = (found.part.layer, found.path.stem, found.path.name)
    layer = next((of for name in called if name and (of := _layer(name)) is not None), None)
    columns = [str(name) for name in found.frame.columns if name != found.frame.geometry.name]
    layer = layer or _by_columns(columns)
    if layer is None:
        return found
    known = names.columns_found(layer, columns)
    codes = next((theirs for theirs, ours in known.items() if ours == "land_code"), None)
    schemes = () if codes is None else _schemes(found.frame[codes])
    return replace(found, layer=layer, known=tuple(known), schemes=schemes)


def _layer(name: str) -> str | None:
    ours = name if name in LAYERS else field_names().layer(name)
    return ours if ours in LAYERS else None


def _by_columns(columns: Sequence[str]) -> str | None:
    """Find the one layer of which most of its own columns are there."""
    names = field_names()
    counts = {
        layer: len(
            {*names.columns_found(layer, columns).values()}.difference(_COMMON)
            & {*names.columns.get(layer, {})}
        )
        for layer in LAYERS
    }
    best = max(counts.values())
    first = [layer for layer, count in counts.items() if count == best]
    return first[0] if best > 0 and len(first) == 1 else None


def _schemes(codes: pd.Series) -> tuple[str, ...]:
    """List the schemes that know every code that stands in a column."""
    seen = {str(code).strip() for code in codes.dropna().unique()}
    return tuple(scheme for scheme in LAND_SCHEMES if seen and seen <= land_classes(scheme).keys())


def _settled(found: list[_Found]) -> list[_Found]:
    """Let the first table of a layer have its name; others of it are listed as not used."""
    taken: set[str] = set()
    settled = []
    for one in found:
        is_again = one.layer in taken
        taken |= {one.layer} if one.layer else set()
        settled.append(replace(one, layer=None) if is_again else one)
    return settled


def _town_crs(found: Sequence[_Found]) -> tuple[str, bool]:
    """Take the CRS in metres that most layers state, else one that suits the place, to be checked."""
    stated = [
        parse_crs(one.frame.crs) for one in found if one.frame is not None and one.frame.crs is not None
    ]
    usable = [_crs_text(crs) for crs in stated if town_crs_fault(crs, layer="town") is None]
    if usable:
        return max(sorted(set(usable)), key=usable.count), True
    degrees = [one.frame for one in found if one.frame is not None and _is_degrees(one.frame)]
    place = typical(degrees[0]) if degrees else None
    return ("", False) if place is None else (_crs_text(suggested_crs(*place)), False)


def _is_degrees(frame: gpd.GeoDataFrame) -> bool:
    place = typical(frame)
    return place is not None and abs(place[0]) <= 180 and abs(place[1]) <= 90


def _crs_text(crs: CRS | str) -> str:
    """Write a coordinate system as ``town.toml`` takes it: by its EPSG code where it has one."""
    if isinstance(crs, str):
        return crs
    code = crs.to_epsg()
    return crs.to_wkt() if code is None else f"EPSG:{code}"


def _head(name: str, crs: tuple[str, bool], lang: Lang) -> list[str]:
    stated, is_sure = crs
    remark = "" if is_sure else f"  # {text('draft.crs_town', lang=lang)}"
    return [
        f"# {text('draft.head', lang=lang)}",
        "[town]",
        f"name = {_quoted(name)}",
        f"crs = {_quoted(stated)}{remark}",
        f'boundary_basis = ""  # {text("draft.basis", lang=lang)}',
        f'# surveyed_types = "all"  # {text("draft.surveyed", lang=lang)}',
    ]


def _sections(found: Sequence[_Found], folder: Path, lang: Lang) -> Iterator[str]:
    for one in found:
        if one.layer is not None:
            yield from _section(one, folder, lang)
    there = {one.layer for one in found}
    for layer in (name for name in REQUIRED_LAYERS if name not in there):
        yield from (
            "",
            f"# {text('draft.missing', lang=lang, layer=layer)}",
            f"# [layers.{layer}]",
            '# path = ""',
        )
    rest = [one for one in found if one.layer is None]
    if rest:
        yield from ("", f"# {text('draft.rest', lang=lang)}")
    for one in rest:
        table = f" [{one.part.layer}]" if one.part.layer else ""
        fault = f": {one.fault}" if one.fault else ""
        yield f"# - {_one_line(_relative(one.path, folder) + table + fault)}"


def _section(one: _Found, folder: Path, lang: Lang) -> Iterator[str]:
    yield ""
    yield f"[layers.{one.layer}]"
    yield f"path = {_quoted(_relative(one.path, folder))}"
    for key in ("layer", "x", "y"):
        if (value := getattr(one.part, key)) is not None:
            yield f"{key} = {_quoted(value)}"
    if one.frame is not None and one.frame.crs is None:
        yield f'# crs = ""  # {text("draft.crs", lang=lang, looks=_looks(one.frame))}'
    if "land_code" in field_names().columns_found(one.layer or "", one.known).values():
        looks = ", ".join(one.schemes) or "-"
        yield f'# codes = ""  # {text("draft.codes", lang=lang, known=", ".join(LAND_SCHEMES), looks=looks)}'
    if one.unknown:
        yield f"# {_one_line(text('draft.fields', lang=lang, names=', '.join(one.unknown)))}"


def _looks(frame: gpd.GeoDataFrame) -> str:
    """Name what the coordinates look like, as far as numbers tell."""
    place = typical(frame)
    if place is None:
        return "-"
    names = likely(*place, candidates=()) or zone_list(*place, crs=_LONLAT)
    return " / ".join(names)


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:
        # On another drive of Windows there is no way from here.
        return path.resolve().as_posix()


def _quoted(value: str) -> str:
    """Write a text as TOML takes it; JSON's escapes are TOML's."""
    return json.dumps(value, ensure_ascii=False)


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _sources(found: Sequence[_Found]) -> pd.DataFrame:
    rows = [
        {
            "file": one.path.name,
            "table": one.part.layer,
            "layer": one.layer,
            "crs": None if one.frame is None or one.frame.crs is None else crs_name(parse_crs(one.frame.crs)),
            "row_count": np.nan if one.frame is None else float(len(one.frame)),
            "known_columns": ", ".join(one.known),
            "unknown_columns": ", ".join(one.unknown),
            "fault": one.fault or None,
        }
        for one in found
    ]
    return DRAFT.check(pd.DataFrame(rows, columns=list(DRAFT.names)))
