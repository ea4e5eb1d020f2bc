"""Places → Attachments: joined to the streets once, and carried over to what is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.errors import UsageError
from fengmao_geo.network.attachments import Attachments, Origin, concat
from fengmao_geo.network.change import moved, steps
from fengmao_geo.network.ground import attach_grounds
from fengmao_geo.network.legs import join_shapes

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["Attachments", "as_attachments", "attach", "carry", "concat"]

# Attachments that agree to a micrometre are one.
_SAME_DIGITS = 6


def attach(
    network: WalkNetwork,
    places: gpd.GeoDataFrame,
    *,
    max_leg_m: float = 100.0,
    is_ground: bool = False,
    beside_m: float = 15.0,
) -> Attachments:
    """Join places to the streets by straight legs that cross no barrier.

    A point or a building is joined to the nearest such point of each connected part of the network; a
    building's leg starts at its outline. Of equally near points the one with the smaller x, then y, is
    taken. A ground (a park, a campus) is joined at its gates; without gates, at every stretch of street
    within ``beside_m`` of its outline, at no cost; without such, like a building. Bridges, tunnels and raised
    edges take no legs.

    Parameters
    ----------
    network
        What to join to.
    places
        Points or polygons, with a column ``id`` or a unique index, in the network's CRS.
    max_leg_m
        The longest leg.
    is_ground
        Whether the places are grounds.
    beside_m
        How near a street runs along a ground.

    Returns
    -------
    Attachments
        ``place_id, edge_id, from_m, to_m, leg_m``; places without any are unattached.

    Raises
    ------
    UsageError
        If ids repeat, the CRS differs, a geometry is missing or a line, or ``max_leg_m`` is negative.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from fengmao_geo.network.build import walk_network
    >>> line = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 90 0)"], crs=4549)
    >>> street = walk_network(line.to_frame("geometry"))
    >>> homes = gpd.GeoSeries.from_wkt(["POINT (30 10)", "POINT (30 500)"], index=["a", "b"], crs=4549)
    >>> attach(street, homes.to_frame("geometry"))
    <Attachments: 2 places, 1 unattached>
    """
    if not max_leg_m >= 0:
        raise UsageError("negative", name="max_leg_m", value=max_leg_m)
    ids, shapes = _places(network, places)
    origin = Origin(shapes, np.full(len(ids), is_ground), beside_m)
    change = network.change
    if change is None:
        return _joined(network, ids, origin, max_leg_m)
    # A network that was added to keeps all that joined places before.
    before = attach(change.before, places, max_leg_m=max_leg_m, is_ground=is_ground, beside_m=beside_m)
    return carry(before, change.before, network)


def _joined(network: WalkNetwork, ids: NDArray[np.object_], origin: Origin, max_leg_m: float) -> Attachments:
    """Join places to a network as it stands."""
    rows: list[tuple[NDArray[Any], ...]] = []
    is_left = np.ones(len(ids), dtype=bool)
    grounds = np.flatnonzero(origin.is_ground)
    if len(grounds):
        found = attach_grounds(
            network, ids[grounds], origin.shapes[grounds], max_leg_m=max_leg_m, beside_m=origin.beside_m
        )
        rows.append((grounds[found[0]], *found[1:]))
        is_left[rows[0][0]] = False
    left = np.flatnonzero(is_left)
    place, edge, at_m, leg_m = join_shapes(network, origin.shapes[left], max_leg_m=max_leg_m)
    rows.append((left[place], edge, at_m, at_m, leg_m))
    none = np.zeros(0)
    empty = Attachments(ids, none.astype(np.intp), none.astype(np.intp), none, none, none, max_leg_m, origin)
    return _sorted(empty, rows)


def _sorted(places: Attachments, rows: list[tuple[NDArray[Any], ...]]) -> Attachments:
    """Give places all these attachments, in the order of place, edge and position."""
    joined = places.with_rows(*(np.concatenate(column) for column in zip(*rows, strict=True)))
    return joined.take_rows(np.lexsort((joined.from_m, joined.edge_id, joined.place)))


def carry(attachments: Attachments, before: WalkNetwork, after: WalkNetwork) -> Attachments:
    """Carry attachments over to what new links and opened gates have made of their network.

    Each new link is a part of its own and an opened gate adds ways to straight legs: all that joined a place
    before joins it still, and what is new is added, so that nobody loses anything.

    Parameters
    ----------
    attachments
        Places joined to ``before``.
    before
        The network they were joined to.
    after
        What `with_links` and `open_gates` have made of it, in any number of steps.

    Returns
    -------
    Attachments
        The same places on ``after``: what `attach` gives there, without joining all of them anew.

    Raises
    ------
    UsageError
        If ``after`` was not made from ``before`` by adding to it, or the shapes of places that may be joined
        anew are not known.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from fengmao_geo.network.build import walk_network
    >>> from fengmao_geo.network.scenario import with_links
    >>> lines = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 90 0)", "LINESTRING (0 40, 90 40)"], crs=4549)
    >>> network = walk_network(lines.to_frame("geometry"))
    >>> bridge = gpd.GeoSeries.from_wkt(["LINESTRING (50 0, 50 40)"], crs=4549).to_frame("geometry")
    >>> home = gpd.GeoSeries.from_wkt(["POINT (60 3)"], crs=4549).to_frame("geometry")
    >>> carry(attach(network, home), network, with_links(network, bridge)).table["from_m"].tolist()
    [10.0, 10.0]
    """
    carried = attachments
    for network in steps(before, after):
        row, edge, from_m, to_m = moved(network, carried.edge_id, carried.from_m, carried.to_m)
        old = (carried.place[row], edge, from_m, to_m, carried.leg_m[row])
        carried = _sorted(carried, [old, _added_rows(carried, network, old)])
    return carried


def _added_rows(
    places: Attachments, network: WalkNetwork, old: tuple[NDArray[Any], ...]
) -> tuple[NDArray[Any], ...]:
    """Find what joins places to a changed network that did not join them before."""
    change, origin = network.change, places.origin
    if change is None or shapely.is_empty(change.where):
        return tuple(array[:0] for array in old)
    if origin is None:
        raise UsageError("shapes_unknown")
    reach_m = max(places.max_leg_m, origin.beside_m)
    near = np.flatnonzero(shapely.dwithin(origin.shapes, change.where, reach_m))
    joined = _joined(network, places.place_ids[near], origin.take(near), places.max_leg_m)
    rows = (near[joined.place], *joined.rows[1:])
    is_new = change.edge_id[joined.edge_id] < 0
    if change.opens:
        is_new |= ~_are_among(rows, old)
    return tuple(array[is_new] for array in rows)


def _are_among(rows: tuple[NDArray[Any], ...], others: tuple[NDArray[Any], ...]) -> NDArray[np.bool_]:
    """Say which attachments are among others, but for rounding."""
    names = ("place", "edge", "from", "to", "leg")
    one, other = (
        pd.DataFrame({name: np.round(array, _SAME_DIGITS) for name, array in zip(names, these, strict=True)})
        for these in (rows, others)
    )
    return one.merge(other.drop_duplicates(), how="left", indicator=True)["_merge"].eq("both").to_numpy()


def as_attachments(network: WalkNetwork, places: gpd.GeoDataFrame | Attachments) -> Attachments:
    """Attach places unless they are attached already.

    Parameters
    ----------
    network
        What is walked on.
    places
        Points or polygons, or `Attachments`.

    Returns
    -------
    Attachments
        The places, joined to the network.
    """
    return places if isinstance(places, Attachments) else attach(network, places)


def _places(network: WalkNetwork, places: gpd.GeoDataFrame) -> tuple[NDArray[np.object_], Geometries]:
    if places.crs is None:
        raise UsageError("places_crs_missing", ours=network.crs.to_string())
    if places.crs != network.crs:
        raise UsageError("crs_differs", theirs=places.crs.to_string(), ours=network.crs.to_string())
    named = pd.Series(places["id"].array if "id" in places.columns else places.index.array).astype("str")
    order = named.argsort(kind="stable").to_numpy()
    ids = named.to_numpy(dtype=object)[order]
    shapes = places.geometry.to_numpy()[order]
    shapes = shapely.force_2d(shapes) if shapely.has_z(shapes).any() else shapes
    is_twice = ids[1:] == ids[:-1]
    if is_twice.any():
        raise UsageError("ids_repeat", ids=", ".join(dict.fromkeys(ids[1:][is_twice][:5])))
    is_shape = np.isin(shapely.get_type_id(shapes), (0, 3, 4, 6))
    bad = ~is_shape | ~np.isfinite(shapely.bounds(shapes)).all(axis=1)
    if bad.any():
        raise UsageError("place_geometry", ids=", ".join(ids[bad][:5]))
    return ids, shapes
