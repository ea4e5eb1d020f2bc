"""Tables declared column by column; a check lists every fault, then raises once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from fengmao_geo.errors import TableError
from fengmao_geo.messages import Lang, text

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["text", "number", "whole", "yes_no", "values"]
Geometry = Literal["point", "line", "polygon", "any"]
Frame = TypeVar("Frame", bound="pd.DataFrame")

__all__ = ["Column", "Fault", "Frame", "Geometry", "Kind", "Table"]

Fault = tuple[str, dict[str, Any]]

_SHAPES: dict[str, tuple[str, ...]] = {
    "point": ("Point", "MultiPoint"),
    "line": ("LineString", "MultiLineString", "LinearRing"),
    "polygon": ("Polygon", "MultiPolygon"),
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Its name; the unit ends it (``_m``, ``_m2``, ``_min``, ``_people``, ``_share``, ``_count``, ``_wan``,
        ``_km_h``, ``_kwh``, ``_mu``), a yes/no column starts with ``is_`` or ``has_``.
    kind
        What it holds: text, number, whole number, yes or no, or a dictionary of values.
    is_required
        Whether the table must have it.
    is_nullable
        Whether a value may be missing, which never means zero.
    choices
        The values allowed; empty for any.
    minimum, maximum
        Bounds of a number.
    """

    name: str
    kind: Kind = "text"
    is_required: bool = True
    is_nullable: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    def faults(self, values: pd.Series, *, table: str) -> list[Fault]:
        """List what is wrong with the values of this column."""
        where = {"table": table, "column": self.name}
        missing = values.isna()
        has_missing = bool(missing.any())
        found: list[Fault] = []
        if has_missing and not self.is_nullable:
            found.append(("null", where | {"count": int(missing.sum()), "rows": _rows(missing)}))
        present = values[~missing] if has_missing else values
        if not self._is_kind(present):
            return [*found, ("kind", where | {"kind": self.kind, "dtype": str(values.dtype)})]
        if self.choices:
            other = ~present.isin(self.choices)
            if other.any():
                seen = sorted({str(value) for value in present[other]})[:5]
                found.append(("choices", where | {"seen": seen, "choices": list(self.choices)}))
        found += self._bound_faults(present, where)
        return found

    def _is_kind(self, present: pd.Series) -> bool:
        if not len(present):
            return True
        match self.kind:
            case "text":
                return str(present.dtype) == "str" or all(isinstance(value, str) for value in present)
            case "values":
                return all(isinstance(value, dict) for value in present)
            case "yes_no":
                return all(isinstance(value, bool | np.bool_) for value in present)
            case "number" | "whole":
                if present.dtype.kind not in "iuf":
                    return False
                numbers = present.to_numpy(dtype=float)
                return self.kind == "number" or bool((numbers == np.floor(numbers)).all())

    def _bound_faults(self, present: pd.Series, where: dict[str, Any]) -> list[Fault]:
        found: list[Fault] = []
        if self.minimum is not None and (low := present < self.minimum).any():
            found.append(("minimum", where | {"bound": self.minimum, "rows": _rows(low)}))
        if self.maximum is not None and (high := present > self.maximum).any():
            found.append(("maximum", where | {"bound": self.maximum, "rows": _rows(high)}))
        return found


@dataclass(frozen=True)
class Table:
    """A table's declaration: its columns, its geometry, and the columns that name a row.

    Parameters
    ----------
    name
        The layer's or the result's name.
    columns
        Its columns, in order.
    geometry
        What its geometry is; ``None`` for a table without one.
    keys
        Columns that together occur once.
    is_open
        Whether further columns may follow: true of the user's layers, false of our results.
    """

    name: str
    columns: tuple[Column, ...]
    geometry: Geometry | None = None
    keys: tuple[str, ...] = ()
    is_open: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    def describe(self, *, lang: Lang = "zh") -> list[dict[str, str]]:
        """Describe each column for readers: its name, meaning, kind, whether it is required, its values."""
        return [
            {
                "table": self.name,
                "column": column.name,
                "label": text(f"column.{column.name}", lang=lang),
                "kind": column.kind,
                "is_required": text("label.yes" if column.is_required else "label.no", lang=lang),
                "is_nullable": text("label.yes" if column.is_nullable else "label.no", lang=lang),
                "choices": " | ".join(column.choices),
            }
            for column in self.columns
        ]

    def check(self, frame: Frame) -> Frame:
        """Give the frame back if it is as declared.

        Parameters
        ----------
        frame
            A table.

        Returns
        -------
        DataFrame
            The same table, its declared columns first and in order.

        Raises
        ------
        TableError
            If anything is not as declared; it lists every fault at once.

        Examples
        --------
        >>> import pandas as pd
        >>> table = Table("streets", (Column("width_m", "number", minimum=0),))
        >>> table.check(pd.DataFrame({"width_m": [3.5]})).shape
        (1, 1)
        >>> table.check(pd.DataFrame({"width_m": []})).shape
        (0, 1)
        """
        if faults := self.faults(frame):
            raise TableError(self.name, faults)
        ordered = [name for name in self.names if name in frame.columns]
        return frame[ordered + [name for name in frame.columns if name not in ordered]]

    def faults(self, frame: pd.DataFrame) -> list[Fault]:
        """List what is wrong with a frame, without raising."""
        found: list[Fault] = []
        for column in self.columns:
            if column.name in frame.columns:
                found += column.faults(frame[column.name], table=self.name)
            elif column.is_required:
                found.append(("missing", {"table": self.name, "column": column.name}))
        if not self.is_open:
            extra = [str(name) for name in frame.columns if name not in {*self.names, "geometry"}]
            found += [("extra", {"table": self.name, "column": name}) for name in extra]
        # Where the first key alone names a row, the others need no look.
        if self.keys and set(self.keys) <= set(frame.columns) and not frame[self.keys[0]].is_unique:
            twice = frame.duplicated(list(self.keys), keep=False)
            if twice.any():
                found.append(("twice", {"table": self.name, "keys": list(self.keys), "rows": _rows(twice)}))
        return found + self._geometry_faults(frame)

    def _geometry_faults(self, frame: pd.DataFrame) -> list[Fault]:
        if self.geometry is None:
            return []
        where = {"table": self.name, "geometry": self.geometry}
        if "geometry" not in frame.columns or not hasattr(frame, "geom_type"):
            return [("geometry_missing", where)]
        if self.geometry == "any":
            return []
        shapes = frame.geom_type
        other = shapes.notna() & ~shapes.isin(_SHAPES[self.geometry])
        return [("geometry_kind", where | {"rows": _rows(other)})] if other.any() else []


def _rows(mask: pd.Series) -> list[str]:
    return [str(label) for label in mask.index[mask.to_numpy(dtype=bool)][:5]]
