"""What a map page draws of planned streets: links laid, gates opened, streets taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.space_words import rounded
from fengmao_geo.export.theme import say

if TYPE_CHECKING:
    import geopandas as gpd

    from fengmao_geo.export.map_geometry import Frame
    from fengmao_geo.messages import Lang
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.results import Results

__all__ = ["link_data", "link_rows"]

# In the order in which signs are put: the first stays where two have no room.
_KINDS = ("footbridge", "gate", "way", "closed")


def link_data(results: Results, frame: Frame, *, lang: Lang) -> dict[str, Any] | None:
    """Write what a page shows of planned streets.

    Parameters
    ----------
    results
        The town and what was computed from it.
    frame
        What part of the town is shown.
    lang
        The language of the page.

    Returns
    -------
    dict or None
        ``kinds`` that are shown, with their signs; ``items``: ``kind`` (its place in ``kinds``), ``id``,
        ``length`` (m), ``place`` (whose gate it is), ``lines`` and a ``point`` that stands for it; ``None``
        where the streets stay as they are.
    """
    before, after = results.network, results.planned_network
    if before is None or after is None:
        return None
    rows = link_rows(before, after)
    shown = rows[frame.shows(rows.geometry)].reset_index(drop=True)
    kinds = [kind for kind in _KINDS if (shown["kind"] == kind).any()]
    shapes = shown.geometry.to_numpy()
    seen = shapely.clip_by_rect(shapes, *frame.bounds)
    # Of what only touches the frame nothing is seen.
    middle = [_middle(shape) for shape in np.where(shapely.is_empty(seen), shapes, seen)]
    places = _place_names(results)
    return {
        "kinds": [
            {"id": kind, "name": say(f"link_{kind}", lang=lang), "sign": say(f"link_sign_{kind}", lang=lang)}
            for kind in kinds
        ],
        "items": [
            {
                "kind": kinds.index(kind),
                "id": name,
                "length": rounded(length_m) if length_m else "",
                "place": places.get(place_id, ""),
                "lines": lines,
                "point": point,
            }
            for kind, name, place_id, length_m, lines, point in zip(
                shown["kind"],
                shown["id"],
                shown["place_id"],
                shapely.length(shapes),
                frame.paths(shown.geometry),
                frame.points(middle),
                strict=True,
            )
        ],
    }


def _middle(shape: shapely.Geometry) -> shapely.Geometry:
    """Find the point that stands for lines, half way along the longest; a point is its own."""
    if shapely.get_dimensions(shape) == 0:
        return shape
    parts = np.asarray(shapely.get_parts(shapely.line_merge(shape)), dtype=object)
    longest = parts[np.argmax(shapely.length(parts))]
    return cast("shapely.Geometry", shapely.line_interpolate_point(longest, 0.5, normalized=True))


def _place_names(results: Results) -> dict[Any, str]:
    """Name the compounds that gates belong to."""
    if "compounds" not in results.town:
        return {}
    layer = results.town["compounds"]
    names = column_values(layer, "name")
    return {place: name or place for place, name in zip(layer["id"], names, strict=True)}


def link_rows(before: WalkNetwork, after: WalkNetwork) -> gpd.GeoDataFrame:
    """List how the streets of one network differ from those of another.

    Parameters
    ----------
    before
        The streets as they are.
    after
        The streets as they are planned.

    Returns
    -------
    GeoDataFrame
        ``kind`` (``footbridge``: a new bridge; ``way``: another new street or path; ``closed``: a street that
        is no more; ``gate``: one that was opened), ``id, place_id`` (of a gate) and ``geometry``.
    """
    import geopandas as gpd  # noqa: PLC0415

    known, planned = before.edges["street_id"], after.edges["street_id"]
    new = _streets(after, ~planned.isin(known).to_numpy())
    gone = _streets(before, ~known.isin(planned).to_numpy())
    rows = [
        new.assign(kind=np.where(new["is_bridge"].to_numpy(dtype=bool), "footbridge", "way")),
        gone.assign(kind="closed"),
        _opened(before, after),
    ]
    columns = ["kind", "id", "place_id", "geometry"]
    table = pd.concat([part.reindex(columns=columns).astype(object) for part in rows], ignore_index=True)
    order = table["kind"].map(_KINDS.index)
    table = table.iloc[np.lexsort((table["id"].astype(str), order))].reset_index(drop=True)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=after.crs)


def _streets(network: WalkNetwork, is_meant: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Take some of the streets, the pieces of each together."""
    edges = network.edges[is_meant].assign(geometry=network.edge_lines[is_meant])
    rows = [
        (str(name), bool(pieces["is_bridge"].any()), shapely.union_all(pieces["geometry"].to_numpy()))
        for name, pieces in edges.groupby("street_id", sort=True)
    ]
    return pd.DataFrame(rows, columns=["id", "is_bridge", "geometry"])


def _opened(before: WalkNetwork, after: WalkNetwork) -> pd.DataFrame:
    """List the gates that are open after and were not before."""
    was, now = (_open_gates(network) for network in (before, after))
    known = {*zip(was["id"], shapely.to_wkb(was["geometry"].to_numpy()), strict=True)}
    keys = zip(now["id"], shapely.to_wkb(now["geometry"].to_numpy()), strict=True)
    is_new = np.array([key not in known for key in keys], dtype=bool)
    return now[is_new].assign(kind="gate")


def _open_gates(network: WalkNetwork) -> pd.DataFrame:
    gates = network.gates
    return gates[gates["is_open"].astype(bool)].reindex(columns=["id", "place_id", "geometry"])
