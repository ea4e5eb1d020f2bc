"""Banks of rivers, canals and lakes: their green, the paths along them, and where these break off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fengmao_geo.geo.lines import segments
from fengmao_geo.green.banks import Banks, bank_lines, straight_edges
from fengmao_geo.green.rows import indicator_rows
from fengmao_geo.green.runs import before, in_chains, rolled, short_runs
from fengmao_geo.green.shore import Shore
from fengmao_geo.standards.green import green_standard
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.standards.green import GreenStandard
    from fengmao_geo.town.town import Town

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Flags = NDArray[np.bool_]

__all__ = ["waterfront", "waterfront_values"]

# Straighter than this is straight.
_STRAIGHT_M = 1e-6
_CAUSES = ("building", "barrier", "compound", "no_path")


def waterfront(
    town: Town,
    network: WalkNetwork,
    green: gpd.GeoDataFrame | None,
    *,
    standard: str | Path | GreenStandard | None = None,
) -> gpd.GeoDataFrame:
    """Walk along the banks: where is green, where is a public path, and what breaks it off.

    Banks are the outlines of rivers, canals and lakes, and of other water from ``bank_water_min_m2`` on,
    whose land side lies in the built-up area, a block or the study area: so where water is cut by the edge of
    the data there is none, and neither is there at the mouth of one water into another or under a bridge.
    From each point of a bank one goes inland at right angles, never across water. There is green where one
    meets some within ``bank_green_m``; there is a path where one meets a public street or path on the ground
    within ``bank_path_m``, joined to the streets, before a building, a fence, or a compound closed to the
    public. A path met through an opening shorter than ``bank_gap_m`` is none; then a gap that is shorter is
    none either, unless a fence or a compound makes it. Where there is no path, ``cause`` says what keeps
    one from it, or leaves no room for one (``bank_room_m``).

    Parameters
    ----------
    town
        The town.
    network
        Its walk network.
    green
        The green of one state: the layer ``green``, ``green_before`` or a plan; ``None`` where there is none.
    standard
        What is measured of green: a file of the user's own, or a standard; by default the shipped one.

    Returns
    -------
    GeoDataFrame
        The table ``banks``, one row per stretch along which nothing changes: ``bank_id, water_id, water_name,
        length_m``; ``has_green``, missing without green; ``has_path``, missing beyond the extent; ``cause``,
        empty where there is a path; ``block_id``; and the line, land on its left.

    Raises
    ------
    StandardError
        If the user's file is wrong.

    Examples
    --------
    >>> import fengmao_geo as fg
    >>> town = fg.sample_town()
    >>> banks = waterfront(town, fg.walk_network(town), town["green"])
    >>> sorted(set(banks["cause"]) - {"building", "barrier", "compound"})
    ['', 'no_path']
    """
    read = green_standard(standard)
    if "water" not in town or town["water"].empty:
        return RESULTS["banks"].check(
            _stretches(town, _no_banks(), _State.none(), np.zeros(0, dtype=np.intp))
        )
    shore = Shore.of(town, network, green, standard=read)
    banks = _cut(bank_lines(shore.water, shore.has_banks), shore, read)
    ashore, land_m = banks.ashore(), read.figure("bank_land_m")
    is_land = np.isinf(banks.first_hits(shore.water, land_m))
    order, chain, is_closed = in_chains(
        banks.ring,
        is_bank=(banks.water >= 0) & is_land & (_first_in(ashore, shore.search) >= 0),
        is_deck=_first_in(ashore, shore.decks) >= 0,
    )
    banks = banks.take(order)
    state = _State.of(banks, shore, read)
    state = state.with_found(_without_gaps(state.found, chain, is_closed, banks, shore, read))
    return RESULTS["banks"].check(_stretches(town, banks, state, chain))


def _cut(banks: Banks, shore: Shore, standard: GreenStandard) -> Banks:
    """Cut banks wherever what is met going inland may change."""
    depths_m = [standard.figure(name) for name in ("bank_railing_m", "bank_green_m", "bank_path_m")]
    # Only what comes near a bank can be met from it.
    strips = banks.strips(max(depths_m))
    met = shore.met
    near = np.unique(shapely.STRtree(met).query(strips, predicate="intersects")[1])
    edges = straight_edges(met[near])
    edges = edges[np.unique(shapely.STRtree(edges).query(strips, predicate="intersects")[1])]
    one, other = shapely.STRtree(edges).query(edges, predicate="crosses")
    one, other = one[one < other], other[one < other]
    crossings = shapely.get_coordinates(shapely.intersection(edges[one], edges[other]))
    return banks.cut(edges, crossings, depths_m)


def _first_in(points: Geometries, areas: Geometries) -> Indices:
    """Say in which area each point lies: the first of several, -1 for none."""
    found = np.full(len(points), len(areas), dtype=np.intp)
    row, hit = shapely.STRtree(areas).query(points, predicate="intersects")
    np.minimum.at(found, row, hit)
    return np.where(found < len(areas), found, -1)


@dataclass(frozen=True, eq=False)
class _State:
    """What each piece of bank has: ``found`` is ``path``, or what is met instead."""

    has_green: NDArray[np.object_]
    found: NDArray[np.object_]
    is_beyond: Flags
    block_id: NDArray[np.object_]

    @classmethod
    def none(cls) -> _State:
        nothing = np.zeros(0, dtype=object)
        return cls(nothing, nothing, np.zeros(0, dtype=bool), nothing)

    @classmethod
    def of(cls, banks: Banks, shore: Shore, standard: GreenStandard) -> _State:
        depth_m, green_m = standard.figure("bank_path_m"), standard.figure("bank_green_m")
        water_m = banks.first_hits(shore.water, max(depth_m, green_m))
        has_green = np.full(len(banks.ring), None, dtype=object)
        if shore.green is not None:
            met_m = banks.first_hits(shore.green, green_m)
            has_green[:] = (met_m < np.inf) & (met_m <= water_m)
        joined_m, loose_m = (
            banks.first_hits(shore.paths[of], depth_m) for of in (shore.is_joined, ~shore.is_joined)
        )
        railing_m = standard.figure("bank_railing_m")
        hits = (
            banks.first_hits(shore.buildings, depth_m),
            banks.first_hits(shore.barriers, depth_m, from_m=railing_m) + railing_m,
            banks.first_hits(shore.compounds, depth_m),
            water_m,
        )
        nearest_m = np.min(hits, axis=0)
        found = np.array(_CAUSES, dtype=object)[np.argmin(hits, axis=0)]
        # What stands farther off leaves room for a path, unless it keeps one from a path behind it.
        is_cause = (np.fmin(joined_m, loose_m) < np.inf) | (nearest_m < standard.figure("bank_room_m"))
        found[~is_cause | np.isinf(nearest_m)] = "no_path"
        found[(loose_m < np.inf) & (loose_m <= nearest_m)] = "unjoined_path"
        found[(joined_m < np.inf) & (joined_m <= nearest_m)] = "path"
        ashore = banks.ashore()
        block = _first_in(ashore, shore.blocks.geometry.to_numpy())
        ids = np.array([*shore.blocks["id"], None], dtype=object)
        return cls(has_green, found, _first_in(ashore, shore.extent) < 0, ids[block])

    def with_found(self, found: NDArray[np.object_]) -> _State:
        return _State(self.has_green, found, self.is_beyond, self.block_id)

    def take(self, order: Indices) -> _State:
        return _State(self.has_green[order], self.found[order], self.is_beyond[order], self.block_id[order])

    def numbers(self, banks: Banks) -> Indices:
        """Give pieces whose state is the same the same number."""
        columns = (banks.water, self.has_green, self.found, self.is_beyond, self.block_id)
        codes = [pd.factorize(column, use_na_sentinel=False)[0] for column in columns]
        return np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)[1].reshape(-1).astype(np.intp)


def _without_gaps(
    found: NDArray[np.object_],
    chain: Indices,
    is_closed: Flags,
    banks: Banks,
    shore: Shore,
    standard: GreenStandard,
) -> NDArray[np.object_]:
    """Leave out short paths between breaks, then close short gaps unless a fence or a compound makes them."""
    gap_m, found = standard.figure("bank_gap_m"), found.copy()
    short = short_runs(found != "path", chain, banks.length_m, is_closed=is_closed, limit_m=gap_m)
    found[short >= 0] = found[before(short, chain)][short >= 0]
    gap = short_runs(found == "path", chain, banks.length_m, is_closed=is_closed, limit_m=gap_m)
    rows = np.flatnonzero(gap >= 0)
    strips = banks.take(rows).strips(standard.figure("bank_path_m"))
    cause = found[rows].copy()
    for name, shapes in (("compound", shore.compounds), ("barrier", shore.barriers)):
        is_fenced = np.zeros(len(rows), dtype=bool)
        is_fenced[shapely.STRtree(shapes).query(strips, predicate="intersects")[0]] = True
        cause[is_fenced & (found[rows] == "no_path")] = name
    is_soft = np.isin(cause, ("no_path", "building"))
    is_shut = np.bincount(gap[rows], weights=~is_soft, minlength=gap.max(initial=-1) + 1) > 0
    found[rows] = np.where(is_shut[gap[rows]], cause, "path")
    return found


def _stretches(town: Town, banks: Banks, state: _State, chain: Indices) -> gpd.GeoDataFrame:
    """Join pieces along which nothing changes."""
    starts = np.flatnonzero(np.diff(chain, prepend=-1))
    ends = np.append(starts[1:], len(chain))[: len(starts)] - 1
    goes_on = np.append((banks.end[:-1] == banks.start[1:]).all(axis=1), False)[: len(chain)]
    goes_on[ends] = (banks.end[ends] == banks.start[starts]).all(axis=1)
    whole = np.bincount(chain, weights=goes_on) == np.bincount(chain)
    order = rolled(chain, state.numbers(banks), can_roll=whole)
    banks, state = banks.take(order), state.take(order)
    number = state.numbers(banks)
    is_new = np.ones(len(chain), dtype=bool)
    is_new[1:] = (number[1:] != number[:-1]) | (chain[1:] != chain[:-1])
    is_new[1:] |= (banks.start[1:] != banks.end[:-1]).any(axis=1)
    first = np.flatnonzero(is_new)
    lines = _joined(banks, first)
    water = town["water"] if "water" in town else gpd.GeoDataFrame({"id": []})
    of, found = banks.water[first], state.found[first]
    has_path = np.where(state.is_beyond[first], None, found == "path")
    rows = gpd.GeoDataFrame(
        {
            "water_id": water["id"].to_numpy(dtype=object)[of],
            "water_name": water.reindex(columns=["name"])["name"].to_numpy(dtype=object)[of],
            "length_m": shapely.length(lines),
            "has_green": state.has_green[first],
            "has_path": has_path,
            "cause": np.where((found == "path") | state.is_beyond[first], "", found),
            "block_id": state.block_id[first],
        },
        geometry=lines,
        crs=town.crs,
    )
    rows = rows.iloc[np.lexsort((*shapely.bounds(lines).T[::-1], rows["water_id"].astype(str)))]
    ids = [f"B{number:05d}" for number in range(1, len(rows) + 1)]
    return rows.reset_index(drop=True).assign(bank_id=ids)


def _joined(banks: Banks, first: Indices) -> Geometries:
    """Draw each stretch from its first piece to its last."""
    last = np.append(first[1:], len(banks.ring))[: len(first)] - 1
    row = np.repeat(np.arange(len(first)), last - first + 1)
    xy = np.concatenate([banks.start, banks.end[last]])
    of = np.concatenate([row, np.arange(len(first))])
    order = np.argsort(of, kind="stable")
    lines = shapely.linestrings(xy[order], indices=of[order]) if len(first) else np.zeros(0, dtype=object)
    # Vertices where mere cuts were are straight but for rounding.
    return np.asarray(shapely.simplify(lines, _STRAIGHT_M))


def _no_banks() -> Banks:
    return Banks(*np.zeros((2, 0, 2)), *np.zeros((2, 0), dtype=np.intp))


def waterfront_values(town: Town, banks: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Sum banks up by area.

    A bank belongs to the area that its land side lies in, so that areas side by side share none. Shares are
    of all banks of the area, and unknown where the state of none is known. A break is a stretch without a
    path that goes on unbroken; a bridge ends it.

    Parameters
    ----------
    town
        The town; without water all is unknown.
    banks
        The table ``banks``.
    areas
        Areas: ``area_kind, area_id, area_name, geometry``.

    Returns
    -------
    DataFrame
        The table ``green_values``: ``bank_m, bank_green_share, bank_path_share, bank_break_count``.

    Examples
    --------
    >>> import fengmao_geo as fg
    >>> town = fg.sample_town()
    >>> areas = town["blocks"].assign(area_kind="block", area_id=lambda rows: rows["id"], area_name="")
    >>> banks = waterfront(town, fg.walk_network(town), town["green"])
    >>> len(waterfront_values(town, banks, areas)) == 4 * len(areas)
    True
    """
    count = len(areas)
    row, area, line = _by_area(banks, areas.geometry.to_numpy())
    length_m = shapely.length(line)
    total_m = np.bincount(area, weights=length_m, minlength=count)
    shares = []
    for name in ("has_green", "has_path"):
        has = banks[name].to_numpy(dtype=object)[row]
        is_known, is_true = ~pd.isna(has), has == True  # noqa: E712  missing is not true
        known_m, true_m = (
            np.bincount(area, weights=length_m * of, minlength=count) for of in (is_known, is_true)
        )
        shares.append(np.divide(true_m, total_m, out=np.full(count, np.nan), where=known_m > 0))
    is_break = banks["has_path"].to_numpy(dtype=object)[row] == False  # noqa: E712  missing is not false
    breaks = [_piece_count(line[is_break & (area == at)]) for at in range(count)]
    values = {
        ("bank_m", "", ""): total_m,
        ("bank_green_share", "", ""): shares[0],
        ("bank_path_share", "", ""): shares[1],
        ("bank_break_count", "", ""): np.array(breaks, dtype=float),
    }
    if "water" not in town:
        values = {key: np.full(count, np.nan) for key in values}
    return indicator_rows(town, areas, values)


def _by_area(banks: gpd.GeoDataFrame, areas: Geometries) -> tuple[Indices, Indices, Geometries]:
    """Cut banks at the areas' outlines: row of the bank, row of the area its land side is in, the piece."""
    start, end, of = segments(banks.geometry.to_numpy())
    edges = Banks(start, end, of, of).cut(straight_edges(areas), np.zeros((0, 2)), [0.0])
    area, piece = shapely.STRtree(edges.ashore()).query(areas, predicate="intersects")
    lines = shapely.linestrings(np.stack([edges.start, edges.end], axis=1))
    return edges.ring[piece], area, np.asarray(lines, dtype=object)[piece]


def _piece_count(lines: Geometries) -> int:
    return len(shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))) if len(lines) else 0
