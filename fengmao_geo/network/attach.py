"""Places → Attachments: positions on edges, gates, access legs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.errors import UsageError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.network.ground import attach_grounds
from fengmao_geo.network.legs import join_shapes
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["Attachments", "as_attachments", "attach", "concat"]


@dataclass(frozen=True, eq=False)
class Attachments:
    """Places joined to a network; made once by `attach` and passed wherever places are asked for.

    Parameters
    ----------
    place_ids
        Ids of all places, attached or not, in ascending order, shape ``(p,)``.
    place
        Row of the place each attachment belongs to, ascending, shape ``(k,)``.
    edge_id
        Edge it is joined to, shape ``(k,)``.
    from_m, to_m
        The stretch of the edge it is joined at, metres from the edge's start; equal for a point.
    leg_m
        Length of the straight leg.
    max_leg_m
        The longest leg that was allowed.
    """

    place_ids: NDArray[np.object_]
    place: Indices
    edge_id: Indices
    from_m: Numbers
    to_m: Numbers
    leg_m: Numbers
    max_leg_m: float

    def __post_init__(self) -> None:
        for array in (self.place_ids, self.place, self.edge_id, self.from_m, self.to_m, self.leg_m):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.place_ids)

    def __repr__(self) -> str:
        return f"<Attachments: {len(self):,} places, {len(self) - int(self.is_attached.sum()):,} unattached>"

    @cached_property
    def is_attached(self) -> NDArray[np.bool_]:
        """Whether each place is joined to anything, shape ``(p,)``."""
        return np.bincount(self.place, minlength=len(self.place_ids)) > 0

    @cached_property
    def id_array(self) -> pd.api.extensions.ExtensionArray:
        """The places' ids as tables hold them, shape ``(p,)``."""
        return pd.array(self.place_ids, dtype="str")

    @cached_property
    def table(self) -> pd.DataFrame:
        """The attachments as the table ``attachments``: ``place_id, edge_id, from_m, to_m, leg_m``."""
        return RESULTS["attachments"].check(
            pd.DataFrame(
                {
                    "place_id": self.place_ids[self.place],
                    "edge_id": self.edge_id,
                    "from_m": self.from_m,
                    "to_m": self.to_m,
                    "leg_m": self.leg_m,
                }
            )
        )

    def findings(self, layer: str) -> pd.DataFrame:
        """List the places that could not be joined; what they reach is unknown, not unserved.

        Parameters
        ----------
        layer
            The layer the places are from.

        Returns
        -------
        DataFrame
            The table ``findings``.
        """
        return findings_table(
            Finding("unattached", layer, str(place), None, {"max_leg_m": self.max_leg_m})
            for place in self.place_ids[~self.is_attached]
        )

    @property
    def rows(self) -> tuple[NDArray[Any], ...]:
        """The five arrays of the attachments: place, edge, from, to, leg."""
        return self.place, self.edge_id, self.from_m, self.to_m, self.leg_m

    def with_rows(self, *rows: NDArray[Any]) -> Attachments:
        """Give the same places other attachments, in the order of `rows`.

        Parameters
        ----------
        *rows
            The five arrays, each of shape ``(k,)``.

        Returns
        -------
        Attachments
            The same places.
        """
        place, edge_id, from_m, to_m, leg_m = rows
        return Attachments(self.place_ids, place, edge_id, from_m, to_m, leg_m, self.max_leg_m)

    def take_rows(self, chosen: NDArray[Any]) -> Attachments:
        """Keep some of the attachments, by position or by flag; the places stay.

        Parameters
        ----------
        chosen
            Positions, or flags of shape ``(k,)``.

        Returns
        -------
        Attachments
            All places; one without a row is unattached.
        """
        return self.with_rows(*(array[chosen] for array in self.rows))

    def take(self, is_kept: NDArray[np.bool_]) -> Attachments:
        """Keep some of the places; ``is_kept`` has shape ``(p,)``.

        Parameters
        ----------
        is_kept
            Which places, shape ``(p,)``.

        Returns
        -------
        Attachments
            Those places with all that joins them.
        """
        rows = is_kept[self.place]
        rank = np.cumsum(is_kept) - 1
        return Attachments(
            self.place_ids[is_kept],
            rank[self.place[rows]],
            self.edge_id[rows],
            self.from_m[rows],
            self.to_m[rows],
            self.leg_m[rows],
            self.max_leg_m,
        )


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
    rows = attach_grounds(network, ids, shapes, max_leg_m=max_leg_m, beside_m=beside_m) if is_ground else None
    is_left = np.ones(len(ids), dtype=bool)
    if rows is not None:
        is_left[np.unique(rows[0])] = False
    left = np.flatnonzero(is_left)
    place, edge, at_m, leg_m = join_shapes(network, shapes[left], max_leg_m=max_leg_m)
    joined = Attachments(ids, left[place], edge, at_m, at_m, leg_m, max_leg_m)
    if rows is not None:
        pairs = (np.concatenate([one, other]) for one, other in zip(rows, joined.rows, strict=True))
        joined = joined.with_rows(*pairs)
    return joined.take_rows(np.lexsort((joined.from_m, joined.edge_id, joined.place)))


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


def concat(parts: list[Attachments]) -> Attachments:
    """Bring attachments of different places together, in the order of their ids.

    Parameters
    ----------
    parts
        Attachments that share no place.

    Returns
    -------
    Attachments
        All their places.
    """
    ids = np.concatenate([part.place_ids for part in parts])
    order = np.argsort(ids, kind="stable")
    rank = np.empty(len(ids), dtype=np.intp)
    rank[order] = np.arange(len(ids))
    offset = np.cumsum([0, *(len(part) for part in parts)])
    place = rank[np.concatenate([part.place + start for part, start in zip(parts, offset, strict=False)])]
    rows = np.lexsort((np.concatenate([part.from_m for part in parts]), _all(parts, "edge_id"), place))
    edge_id, from_m, to_m, leg_m = (
        _all(parts, name)[rows] for name in ("edge_id", "from_m", "to_m", "leg_m")
    )
    longest_m = max(part.max_leg_m for part in parts)
    return Attachments(ids[order], place[rows], edge_id, from_m, to_m, leg_m, longest_m)


def _all(parts: list[Attachments], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(part, name) for part in parts])


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
