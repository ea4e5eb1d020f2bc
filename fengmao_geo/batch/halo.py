"""What of large layers one town keeps: its own, whole, and around it what its people may walk to or past."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.findings import Finding
from fengmao_geo.geo.planar import polygons_of
from fengmao_geo.tables import GROUP_COLUMNS, LAYERS
from fengmao_geo.town.check import checked_layer, has_error
from fengmao_geo.town.people import spread_people

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray
    from pyproj import CRS

    from fengmao_geo.batch.outlines import Outlines
    from fengmao_geo.geo.raster_file import RasterFile
    from fengmao_geo.geo.zones import Box
    from fengmao_geo.town.town import TownSettings
    from fengmao_geo.town.window import LayerPieces

    Geometries = NDArray[np.object_]

__all__ = ["LEG_M", "OWN", "Around", "Pieces", "kept_layers", "with_people"]

#: Layers whose features belong to one town: that in which a point of theirs lies.
OWN = ("buildings", "parcels", "addresses", "blocks", "projects", "firms")
#: Of these, ground that another town's feature takes is not free, and a facility may be in one.
_SHARED = ("buildings", "parcels")
#: Layers that are cut at the outline, and those that are kept where they touch what is the town's own.
_CUT = ("built_up", "study_area")
_TOUCHING = ("communities", "school_districts", "farmland_protected")
#: Layers that decide where a street leads; they are kept along all that is kept of the streets.
_WALLS = ("water", "barriers", "compounds", "crossings", "bridges")
_APART = (*OWN, *_CUT, *_TOUCHING, *_WALLS, "extent", "streets", "green", "facilities", "gates")

#: The longest leg from a place to a street, and so from a gate to its ground.
LEG_M = 100.0
#: A block that lies elsewhere with more than this share is told of.
_ACROSS_SHARE = 0.01


class Pieces:
    """Layers around one town, read as far as they are asked for and checked.

    Parameters
    ----------
    layers
        The layers.
    crs
        The CRS that is worked in.
    codes
        The code scheme of a layer's land codes.
    """

    def __init__(self, layers: Mapping[str, LayerPieces], *, crs: CRS, codes: Mapping[str, str]) -> None:
        self.crs = crs
        self._layers, self._codes = layers, codes
        self._read: dict[str, tuple[Box, gpd.GeoDataFrame, list[Finding]]] = {}

    def __contains__(self, layer: str) -> bool:
        """Say whether there is such a layer."""
        return layer in self._layers

    def __iter__(self) -> Any:  # noqa: ANN401  names of layers
        return (layer for layer in LAYERS if layer in self._layers)

    def touching(self, layer: str, shapes: Iterable[Any]) -> gpd.GeoDataFrame:
        """Give the features of a layer that touch one of some shapes, in the order of their ids."""
        those = np.array([shape for shape in shapes if not shapely.is_empty(shape)], dtype=object)
        frame = self._around(layer, those)
        rows = shapely.STRtree(frame.geometry.to_numpy()).query(those, predicate="intersects")[1]
        return frame.iloc[np.unique(rows)]

    def findings(self, kept: Mapping[str, gpd.GeoDataFrame]) -> list[Finding]:
        """List what was found in the layers, errors and what concerns features that are kept."""
        found = []
        for layer, (_, _, of_layer) in sorted(self._read.items()):
            ids = set(kept[layer]["id"]) if layer in kept else set()
            found += [one for one in of_layer if one.feature_id is None or one.feature_id in ids]
        return found

    def errors(self) -> list[Finding]:
        """List the errors of all layers that were read."""
        found = [one for _, _, of_layer in self._read.values() for one in of_layer]
        return [one for one in found if one.severity == "error"]

    def _around(self, layer: str, shapes: Geometries) -> gpd.GeoDataFrame:
        """Read and check what lies in the box of some shapes, unless that was read already."""
        box = shapely.total_bounds(shapes)
        known = self._read.get(layer)
        if known is not None:
            if not len(shapes) or _holds(known[0], box):
                return known[1]
            box = np.concatenate([np.fmin(known[0], box)[:2], np.fmax(known[0], box)[2:]])
        whole: Box = tuple(np.nan_to_num(box).tolist())
        source = self._layers[layer].within(whole, self.crs)
        frame, found = checked_layer(source, layer=layer, crs=self.crs, scheme=self._codes.get(layer))
        # That a town has none of a layer that others have is no fault.
        found = [one for one in found if one.code not in ("layer_has_none", "layer_empty")]
        usable = frame.iloc[:0] if has_error(found) else frame
        self._read[layer] = whole, usable, found
        return usable


def _holds(outer: Box, inner: NDArray[np.float64]) -> bool:
    is_west = outer[0] <= inner[0] and outer[1] <= inner[1]
    return bool(is_west and outer[2] >= inner[2] and outer[3] >= inner[3])


@dataclass(frozen=True)
class Around:
    """What is kept around one town.

    Parameters
    ----------
    layers
        The layers.
    ring
        The ground within which all streets are kept, whole.
    window
        The ground within which all else is kept.
    counts
        How many features of each layer are the town's own.
    found
        What is to be told.
    """

    layers: dict[str, gpd.GeoDataFrame]
    ring: shapely.Geometry
    window: shapely.Geometry
    counts: dict[str, int] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)


def kept_layers(pieces: Pieces, outlines: Outlines, at: int, *, halo_m: float, streets_m: float) -> Around:
    """Choose what one town keeps of every layer.

    Parameters
    ----------
    pieces
        The layers.
    outlines
        The towns.
    at
        The row of the town.
    halo_m
        How far around the town's own everything is kept.
    streets_m
        How far streets and what stands in their way are kept.

    Returns
    -------
    Around
        The layers with what is the town's own and what lies around it. Buildings and parcels of others that
        stand on its ground, and buildings of others with a facility in them, are marked ``is_neighbour``.
    """
    outline = outlines.table.geometry.iloc[at]
    near = {layer: pieces.touching(layer, [outline]) for layer in OWN if layer in pieces}
    own = {
        layer: frame[outlines.owners(frame.geometry.to_numpy()) == at].assign()
        for layer, frame in near.items()
    }
    ground = shapely.union_all([outline, *(shape for frame in own.values() for shape in frame.geometry)])
    window, ring = shapely.buffer(ground, halo_m), shapely.buffer(ground, streets_m)
    shapely.prepare([outline, window, ring])
    kept = dict(own)
    kept["streets"] = pieces.touching("streets", [ring])
    ways = [ring, *kept["streets"].geometry]
    kept |= {layer: pieces.touching(layer, ways) for layer in _WALLS if layer in pieces}
    kept |= _supply(pieces, kept, window)
    kept |= _gates(pieces, kept, ring)
    kept |= {layer: pieces.touching(layer, [ground]) for layer in _TOUCHING if layer in pieces}
    kept |= {layer: pieces.touching(layer, [window]) for layer in pieces if layer not in _APART}
    kept |= {layer: _cut(pieces.touching(layer, [outline]), outline) for layer in _CUT if layer in pieces}
    kept["extent"] = _extent(pieces, window)
    for layer in (name for name in _SHARED if name in own):
        kept[layer] = _with_neighbours(own[layer], near[layer], _facility_houses(pieces, kept, layer, window))
    counts = {layer: len(frame) for layer, frame in own.items()}
    return Around(kept, ring, window, counts, _across(own.get("blocks"), outline))


def _supply(
    pieces: Pieces, kept: Mapping[str, gpd.GeoDataFrame], window: shapely.Geometry
) -> dict[str, gpd.GeoDataFrame]:
    """Take the facilities in the window, and those whose ground or building reaches into it."""
    found = {"green": pieces.touching("green", [window])} if "green" in pieces else {}
    if "facilities" not in pieces:
        return found
    grounds = [*found.values()]
    grounds += [pieces.touching(layer, [window]) for layer in ("compounds", "buildings") if layer in pieces]
    shapes = [shape for frame in grounds for shape in frame.geometry]
    facilities = pieces.touching("facilities", [window, *shapes])
    found["facilities"] = facilities
    # A facility stands for the smallest ground that it lies in, which may not reach into the window itself.
    for layer in ("green", "compounds"):
        if layer in pieces:
            first = found[layer] if layer in found else kept[layer]
            found[layer] = _both(first, pieces.touching(layer, facilities.geometry))
    return found


def _gates(
    pieces: Pieces, kept: Mapping[str, gpd.GeoDataFrame], ring: shapely.Geometry
) -> dict[str, gpd.GeoDataFrame]:
    """Take the gates in the ring and all those of grounds that are kept: one without any counts as open."""
    if "gates" not in pieces:
        return {}
    grounds = [kept[layer].geometry.to_numpy() for layer in ("compounds", "green") if layer in kept]
    around = shapely.buffer(np.concatenate([np.zeros(0, dtype=object), *grounds]), LEG_M)
    return {"gates": pieces.touching("gates", [ring, *around])}


def _facility_houses(
    pieces: Pieces, kept: Mapping[str, gpd.GeoDataFrame], layer: str, window: shapely.Geometry
) -> gpd.GeoDataFrame | None:
    """Find the buildings that facilities are in, for those are entered where the building is."""
    if layer != "buildings" or "facilities" not in kept:
        return None
    houses = pieces.touching(layer, [window])
    points = kept["facilities"].geometry.to_numpy()
    rows = shapely.STRtree(houses.geometry.to_numpy()).query(points, predicate="intersects")[1]
    return houses.iloc[np.unique(rows)]


def _with_neighbours(
    own: gpd.GeoDataFrame, near: gpd.GeoDataFrame, more: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    """Add features of other towns, marked; without any, nothing is marked."""
    others = near if more is None else _both(near, more)
    others = others[~others["id"].isin(own["id"])]
    if not len(others):
        return own
    both = pd.concat([own.assign(is_neighbour=False), others.assign(is_neighbour=True)])
    return both.sort_values("id", kind="stable", ignore_index=True)


def _both(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Join two parts of one layer; what is in both comes once."""
    both = pd.concat([one, other]) if len(one) and len(other) else (one if len(one) else other)
    return both.drop_duplicates("id").sort_values("id", kind="stable", ignore_index=True)


def _cut(frame: gpd.GeoDataFrame, outline: shapely.Geometry) -> gpd.GeoDataFrame:
    """Cut polygons at the outline; what only touches it is left out."""
    shapes = frame.geometry.to_numpy().copy()
    across = np.flatnonzero(~shapely.covered_by(shapes, outline))
    for row in across:
        shapes[row] = shapely.multipolygons(
            polygons_of(np.array([shapely.intersection(shapes[row], outline)], dtype=object))
        )
    cut = frame.set_geometry(shapes, crs=frame.crs)
    return cut[(shapely.area(shapes) > 0)]


def _extent(pieces: Pieces, window: shapely.Geometry) -> gpd.GeoDataFrame:
    """Cut the ground within which the data are complete at what is kept of them."""
    layer = "extent" if "extent" in pieces else "built_up"
    shapes = pieces.touching(layer, [window]).geometry.to_numpy()
    whole = polygons_of(np.array([shapely.intersection(shapely.union_all(shapes), window)], dtype=object))
    return gpd.GeoDataFrame({"id": ["extent"]}, geometry=[shapely.multipolygons(whole)], crs=pieces.crs)


def _across(blocks: gpd.GeoDataFrame | None, outline: shapely.Geometry) -> list[Finding]:
    """Tell of blocks of which a part lies outside the town: people who live there are not this town's."""
    if blocks is None or not len(blocks):
        return []
    shapes = blocks.geometry.to_numpy()
    share = shapely.area(shapely.difference(shapes, outline)) / shapely.area(shapes)
    return [
        Finding("split_block_across", "blocks", str(name), values={"share": f"{part:.0%}"})
        for name, part in zip(blocks["id"], share, strict=True)
        if part > _ACROSS_SHARE
    ]


def with_people(
    around: Around, pieces: Pieces, *, settings: TownSettings, rasters: Mapping[str, RasterFile]
) -> Around:
    """Write down people that were shared out over more dwellings than the town's own.

    A community that two towns share, or a pixel, shares out its people over the dwellings of both: that is
    done before the cut, so that no town gets those of the other.

    Parameters
    ----------
    around
        What is kept around the town.
    pieces
        The layers.
    settings
        The settings of all towns.
    rasters
        The rasters of all towns, of which ``people`` is read.

    Returns
    -------
    Around
        The same with the columns of people in the layer of dwellings.
    """
    if "communities" not in around.layers and "people" not in rasters:
        return around
    shapes = [around.window]
    if "communities" in around.layers:
        shapes += list(around.layers["communities"].geometry)
    wide = {layer: pieces.touching(layer, shapes) for layer in (*_SHARED, "addresses") if layer in pieces}
    wide |= {layer: around.layers[layer] for layer in ("communities", "extent") if layer in around.layers}
    spread = spread_people(wide, replace(settings, people_total=None), rasters)
    layer = spread.dwelling_basis
    homes = around.layers[layer]
    rows = spread.rows.set_index("dwelling_id")
    counted = [name for name in GROUP_COLUMNS.values() if name != "people" or spread.people_basis == "people"]
    shared = [
        name
        for name in counted
        if rows[name].notna().any() and not (name in homes and homes[name].notna().any())
    ]
    if not shared or not len(homes):
        return around
    people = {name: homes["id"].map(rows[name]).astype(float) for name in shared}
    found = Finding("split_people", layer, column="people", values={"columns": ", ".join(shared)})
    layers = around.layers | {layer: homes.assign(**people)}
    return replace(around, layers=layers, found=[*around.found, found])
