"""Attachments: positions of places on edges, gates, access legs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.tables import RESULTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Numbers = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["Attachments", "Origin", "concat"]


@dataclass(frozen=True, eq=False)
class Origin:
    """What places are: their shapes, whether each is a ground, and how near a street runs along one."""

    shapes: Geometries
    is_ground: NDArray[np.bool_]
    beside_m: float

    def take(self, chosen: NDArray[Any]) -> Origin:
        """Keep some of the places, by position or by flag."""
        return Origin(self.shapes[chosen], self.is_ground[chosen], self.beside_m)


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
    origin
        What the places are, so that `carry` can join them to what is added; ``None`` where that is not known.
    """

    place_ids: NDArray[np.object_]
    place: Indices
    edge_id: Indices
    from_m: Numbers
    to_m: Numbers
    leg_m: Numbers
    max_leg_m: float
    origin: Origin | None = None

    def __post_init__(self) -> None:
        for array in (self.place_ids, self.place, self.edge_id, self.from_m, self.to_m, self.leg_m):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.place_ids)

    def __repr__(self) -> str:
        return f"<Attachments: {len(self):,} places, {len(self) - int(self.is_attached.sum()):,} unattached>"

    def _repr_html_(self) -> str:
        counts = {"places": len(self), "attached": int(self.is_attached.sum()), "joints": len(self.place)}
        return str(pd.DataFrame([counts]).to_html(index=False))

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
        return Attachments(self.place_ids, place, edge_id, from_m, to_m, leg_m, self.max_leg_m, self.origin)

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
            None if self.origin is None else self.origin.take(is_kept),
        )


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
    origins = [part.origin for part in parts]
    known = [origin for origin in origins if origin is not None]
    origin = None
    if len(known) == len(parts):
        origin = Origin(
            np.concatenate([one.shapes for one in known]),
            np.concatenate([one.is_ground for one in known]),
            max(one.beside_m for one in known),
        ).take(order)
    return Attachments(ids[order], place[rows], edge_id, from_m, to_m, leg_m, longest_m, origin)


def _all(parts: list[Attachments], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(part, name) for part in parts])
