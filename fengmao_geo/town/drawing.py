"""One DXF drawing to a layer: closed outlines as polygons, texts as names, and a count of all else."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from fengmao_geo.findings import Finding
from fengmao_geo.tables import LAYERS
from fengmao_geo.town.drawing_shapes import as_features
from fengmao_geo.town.drawing_text import open_drawing, reduced, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fengmao_geo.town.drawing_shapes import Drawn
    from fengmao_geo.town.drawing_text import Drawing, Entity
    from fengmao_geo.town.town_file import LayerPart

__all__ = ["read_drawing"]

#: What explains a drawing and is no part of the ground.
_NOTES = frozenset({"DIMENSION", "ARC_DIMENSION", "LEADER", "MULTILEADER", "TOLERANCE", "ATTDEF", "VIEWPORT"})

#: GDAL leaves out what a block holds beyond this; and as many pieces are all that is drawn.
_BLOCK_LIMIT, _PIECES_LIMIT = 10_000, 2_000_000

#: Blocks within blocks.
_DEEPEST = 100

_SPLINE_WITHOUT = "SPLINE?"


def read_drawing(path: Path, *, layer: str, part: LayerPart) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read those layers of a DXF drawing that hold one layer of the town.

    Closed polylines, circles and ellipses become polygons where the layer holds polygons, and so do lines
    whose ends are no farther apart than ``closing_m``. Hatches become polygons, with holes where their
    outlines lie within one another (even-odd), and one that repeats an outline of its drawing layer is left
    out. An outline within another is no hole: both remain, and overlap. Blocks are inserted, arcs are drawn
    as chords of 4°. A text that falls into exactly one polygon names it.

    Parameters
    ----------
    path
        The file: DXF as text, of any version, GBK or UTF-8.
    layer
        The layer's name in the town.
    part
        What ``town.toml`` says of it: ``cad_layers``, ``cad_codes``, ``closing_m``, ``drawn_as`` and
        ``encoding``.

    Returns
    -------
    GeoDataFrame
        The features with ``cad_layer``, ``cad_text`` where the layer holds polygons, ``elevation`` where any
        has one, ``land_code`` for parcels with ``cad_codes``; the index is the handle in the drawing. It has
        no CRS: a drawing states none.
    list
        How many entities became features, and what was closed, repeated or left out.

    Raises
    ------
    TownError
        If the drawing is binary, cut short or cannot be read, or its layers are not named or not there.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fengmao_geo.town.town_file import LayerPart
    >>> read_drawing(Path("nowhere.dxf"), layer="parcels", part=LayerPart(path="nowhere.dxf"))
    Traceback (most recent call last):
        ...
    fengmao_geo.errors.TownError: ...
    """
    if not path.is_file():
        refuse("file_missing", layer, file=str(path))
    drawing, found = open_drawing(path, layer=layer, encoding=part.encoding)
    names = _named_layers(drawing, layer=layer, part=part)
    chosen = _chosen(drawing, names, layer)
    pieces, more = _pieces(drawing, chosen, layer=layer, file=path.name, names=names)
    drawn = as_features(
        pieces,
        shape=LAYERS[layer].geometry or "any",
        is_surface=_is_surface(pieces, layer=layer, part=part),
        closing_m=part.closing_m,
    )
    frame = _table(drawn.rows, layer=layer, part=part)
    return frame, [*found, *more, *_findings(drawn, chosen, path.name, layer, part)]


@dataclass(frozen=True)
class _Chosen:
    """The entities that are read, and how many of the others there are by reason."""

    entities: tuple[Entity, ...]
    left_out: Mapping[str, Counter[str]]


def _named_layers(drawing: Drawing, *, layer: str, part: LayerPart) -> dict[str, str]:
    """Find the drawing's own spelling of the layers that are named: spelling, then the name in the file."""
    there = Counter(drawing.restored(entity.layer) for entity in _all_entities(drawing))
    known = {name.casefold(): name for name in there}
    wanted = list(dict.fromkeys([*part.cad_layers, *part.cad_codes]))
    listed = _described(drawing)
    if not wanted:
        refuse("drawing_layers_unnamed", layer, known=listed)
    if missing := [name for name in wanted if name.strip().casefold() not in known]:
        refuse("drawing_layer_missing", layer, missing=", ".join(missing), known=listed)
    return {known[name.strip().casefold()]: name for name in wanted}


def _all_entities(drawing: Drawing) -> Iterable[Entity]:
    yield from drawing.entities
    for entities in drawing.blocks.values():
        yield from entities


def _described(drawing: Drawing) -> str:
    """List the layers of the drawing with what they hold."""
    kinds: dict[str, Counter[str]] = {}
    for entity in drawing.entities:
        kinds.setdefault(drawing.restored(entity.layer), Counter())[entity.kind.rstrip("?")] += 1
    listed = [
        f"{name} ({', '.join(f'{kind} {count}' for kind, count in sorted(held.items()))})"
        for name, held in sorted(kinds.items())
    ]
    return "; ".join(listed) or "-"


def _chosen(drawing: Drawing, names: Mapping[str, str], layer: str) -> _Chosen:
    """Take the entities on the named layers, and blocks that hold any of those layers."""
    wanted = {entity.layer for entity in _all_entities(drawing) if drawing.restored(entity.layer) in names}
    reach = _Reach(drawing.blocks, wanted)
    kept: list[Entity] = []
    left_out: dict[str, Counter[str]] = {"drawing_paper": Counter(), "drawing_notes": Counter()}
    left_out["drawing_unread"] = Counter()
    for entity in drawing.entities:
        is_on = entity.layer in wanted
        if not is_on and not (entity.block and reach.holds(entity.block)):
            continue
        if entity.is_paper:
            left_out["drawing_paper"][entity.kind] += is_on
        elif entity.kind in _NOTES:
            left_out["drawing_notes"][entity.kind] += 1
        elif entity.kind == _SPLINE_WITHOUT:
            left_out["drawing_unread"][entity.kind.rstrip("?")] += 1
        else:
            kept.append(entity)
    inserts = [entity for entity in kept if entity.block]
    counts = [entity.times * reach.count(entity.block) for entity in inserts]
    if (most := max(counts, default=0)) > _BLOCK_LIMIT or sum(counts) > _PIECES_LIMIT:
        name = drawing.restored(inserts[counts.index(most)].block)
        refuse("drawing_block_large", layer, block=name, count=most, limit=_BLOCK_LIMIT)
    return _Chosen(tuple(kept), left_out)


class _Reach:
    """What blocks hold, with the blocks within them."""

    def __init__(self, blocks: Mapping[str, tuple[Entity, ...]], wanted: set[str]) -> None:
        self._blocks, self._wanted = blocks, wanted
        self._counts: dict[str, int] = {}
        self._holds: dict[str, bool] = {}

    def count(self, block: str, within: tuple[str, ...] = ()) -> int:
        """Count the pieces a block is drawn as; one that holds itself has more than can be drawn."""
        if block in within or len(within) > _DEEPEST:
            return _PIECES_LIMIT + 1
        if block not in self._counts:
            held = self._blocks.get(block, ())
            counts = (
                entity.times * self.count(entity.block, (*within, block)) if entity.block else 1
                for entity in held
            )
            self._counts[block] = min(sum(counts), _PIECES_LIMIT + 1)
        return self._counts[block]

    def holds(self, block: str, depth: int = 0) -> bool:
        """Say whether a block holds anything on the named layers."""
        if block not in self._holds:
            # What is too deep to look into is taken, and refused when it is counted.
            self._holds[block] = depth > _DEEPEST
            if depth > _DEEPEST:
                return True
            held = self._blocks.get(block, ())
            self._holds[block] = any(
                entity.layer in self._wanted or bool(entity.block and self.holds(entity.block, depth + 1))
                for entity in held
            )
        return self._holds[block]


def _pieces(
    drawing: Drawing, chosen: _Chosen, *, layer: str, file: str, names: Mapping[str, str]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Let GDAL draw the entities; each piece with its drawing layer, its type, its text and its handle."""
    if not chosen.entities:
        return _no_pieces(), []
    is_point = LAYERS[layer].geometry == "point"
    options = {"INLINE_BLOCKS": "NO" if is_point else "YES", "MERGE_BLOCK_GEOMETRIES": "NO"}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            read = pyogrio.read_dataframe(reduced(drawing, chosen.entities), layer="entities", **options)
        except (DataSourceError, DataLayerError, FeatureError, ValueError) as reason:
            refuse("file_broken", layer, file=file, reason=str(reason).rpartition(".cpp, ")[2])
    found = [
        Finding("file_warning", layer, values={"file": file, "warning": text})
        for text in sorted({str(warning.message) for warning in caught})
    ]
    spelt = (
        read["Layer"]
        .fillna("0")
        .map({name: drawing.restored(name) for name in read["Layer"].dropna().unique()})
    )
    kinds = {entity.handle: entity.kind for entity in chosen.entities}
    words = read["SubClasses"].fillna("").str.split(":").str[-1]
    table = gpd.GeoDataFrame(
        {
            "cad_layer": spelt.map(names).to_numpy(dtype=object),
            "kind": read["EntityHandle"].map(kinds).to_numpy(dtype=object),
            "is_text": words.isin(["AcDbText", "AcDbMText", "AcDbAttribute"]).to_numpy(dtype=bool),
            "is_hatch": (words == "AcDbHatch").to_numpy(dtype=bool),
            "text": read["Text"].map(drawing.restored, na_action="ignore").to_numpy(dtype=object),
            "handle": read["EntityHandle"].to_numpy(dtype=object),
        },
        geometry=read.geometry.to_numpy(),
    )
    seen = set(table["handle"])
    silent = Counter(
        entity.kind
        for entity in chosen.entities
        if entity.handle not in seen and drawing.restored(entity.layer) in names
    )
    chosen.left_out["drawing_unread"].update(silent)
    return table[table["cad_layer"].notna()].reset_index(drop=True), found


def _no_pieces() -> gpd.GeoDataFrame:
    names = ("cad_layer", "kind", "is_text", "is_hatch", "text", "handle")
    return gpd.GeoDataFrame({name: [] for name in names}, geometry=[])


def _is_surface(pieces: gpd.GeoDataFrame, *, layer: str, part: LayerPart) -> bool:
    """Say whether streets are drawn as surfaces: it is stated, or every one of their lines is an outline."""
    if layer != "streets" or part.drawn_as == "edges":
        return False
    shapes = pieces.geometry.to_numpy()
    lines = shapes[shapely.get_dimensions(shapes) == 1]
    return part.drawn_as == "surfaces" or bool(shapely.is_closed(lines).all())


def _table(rows: gpd.GeoDataFrame, *, layer: str, part: LayerPart) -> gpd.GeoDataFrame:
    """Write the columns that the town reads; heights of zero are no heights."""
    shapes = rows.geometry.to_numpy()
    height, owner = shapely.get_coordinates(shapes, include_z=True, return_index=True)
    z = np.nan_to_num(height[:, 2])
    count = np.bincount(owner, minlength=len(rows))
    mean = np.bincount(owner, weights=z, minlength=len(rows)) / np.maximum(count, 1)
    has_height = np.bincount(owner, weights=z != 0, minlength=len(rows)) > 0
    flat = np.where(has_height, shapes, shapely.force_2d(shapes))
    columns = {"cad_layer": rows["cad_layer"]}
    if "cad_text" in rows.columns:
        columns["cad_text"] = rows["cad_text"]
    if has_height.any():
        columns["elevation"] = np.where(has_height, mean, np.nan)
    if layer == "parcels" and part.cad_codes:
        columns["land_code"] = rows["cad_layer"].map(part.cad_codes)
    index = _unique(rows["handle"].tolist())
    return gpd.GeoDataFrame(
        pd.DataFrame(columns).set_axis(index, axis=0), geometry=pd.Series(flat, index=index)
    )


def _unique(handles: list[str]) -> list[str]:
    """Tell the pieces of one block apart: its handle, then with ``-2`` and so on."""
    seen: Counter[str] = Counter()
    names = []
    for handle in handles:
        seen[handle] += 1
        names.append(handle if seen[handle] == 1 else f"{handle}-{seen[handle]}")
    return names


def _findings(drawn: Drawn, chosen: _Chosen, file: str, layer: str, part: LayerPart) -> list[Finding]:
    """Say what became of every entity on the named layers."""
    left = {code: sum(kinds.values()) for code, kinds in chosen.left_out.items()} | dict(drawn.left_out)
    total = len(drawn.rows) + drawn.name_count + sum(left.values())
    values = {"file": file, "count": total, "rows": len(drawn.rows), "names": drawn.name_count}
    found = [Finding("drawing_read", layer, values=values | {"left_out": sum(left.values())})]
    for code, count in left.items():
        kinds = chosen.left_out.get(code, Counter())
        listed = ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()) if number)
        if count:
            found.append(Finding(code, layer, values={"count": count} | ({"kinds": listed} if kinds else {})))
    if len(drawn.gaps_m):
        widest = round(float(drawn.gaps_m.max()), 3)
        values = {"count": len(drawn.gaps_m), "gap_m": widest, "closing_m": part.closing_m}
        found.append(Finding("drawing_closed", layer, values=values))
    return found + _codes(drawn.rows, layer, part)


def _codes(rows: gpd.GeoDataFrame, layer: str, part: LayerPart) -> list[Finding]:
    if not part.cad_codes:
        return []
    if layer != "parcels":
        return [Finding("drawing_codes_unused", layer)]
    without = rows["cad_layer"][~rows["cad_layer"].isin(list(part.cad_codes))].value_counts()
    listed = ", ".join(f"{name} ({without[name]})" for name in sorted(without.index))
    return (
        [Finding("drawing_no_code", layer, values={"count": int(without.sum()), "layers": listed})]
        if listed
        else []
    )
