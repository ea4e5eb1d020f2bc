"""What all sheets of the workbook share: the results, names of blocks, words, tables that are empty."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from fengmao_geo.blocks.case import NOT_THERE
from fengmao_geo.blocks.progress import project_progress
from fengmao_geo.export.indicator_words import layer_words, missing_words, source_words
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.map_figures import Place, block_places
from fengmao_geo.export.run_record import data_date
from fengmao_geo.export.sheet_cells import unit_name
from fengmao_geo.export.sheets import Measure, SheetTable
from fengmao_geo.export.theme import named
from fengmao_geo.messages import text
from fengmao_geo.standards.load import display_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fengmao_geo.export.sheets import Cell, Head
    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["Desk", "is_missing", "number", "total"]

#: The id of the town among the areas of every table.
_TOWN = "town"
# Where the data state no date any day after them will do: the status is not shown.
_ANY_DAY = "2099-12-31"


@dataclass(frozen=True)
class Desk:
    """The results and the language that sheets are written in.

    Parameters
    ----------
    results
        What was computed.
    lang
        ``zh`` or ``en``.
    """

    results: Results
    lang: Lang

    @cached_property
    def blocks(self) -> list[Place]:
        """The blocks by number."""
        return block_places(self.results)

    @cached_property
    def places(self) -> list[Place]:
        """The blocks by number, then the town."""
        town = self.results.town
        area_m2 = float(town["built_up"].geometry.area.sum())
        name = town.name or self.word("whole_town")
        return [*self.blocks, Place(_TOWN, _TOWN, name, "", None, area_m2, "")]

    @cached_property
    def _names(self) -> dict[str, str]:
        return {place.area_id: place.name for place in self.blocks}

    @cached_property
    def block_shapes(self) -> list[shapely.Geometry]:
        """The ground of each block, in their order."""
        if not self.blocks:
            return []
        layer = self.results.town["blocks"].set_index("id").geometry
        return [layer[place.area_id] for place in self.blocks]

    @cached_property
    def chosen(self) -> dict[str, tuple[str, float]]:
        """What the programme makes of each of its spaces, and what that costs."""
        programme = self.results.programme
        if programme is None:
            return {}
        sites = programme.sites
        pairs = zip(sites["use"], sites["cost_wan"], strict=True)
        return dict(zip(sites["space_id"], pairs, strict=True))

    @cached_property
    def fitting_uses(self) -> dict[str, list[str]]:
        """The uses that fit each space."""
        uses = self.results.uses
        if uses is None:
            return {}
        fitting = uses[uses["fits"] == "yes"]
        return {str(space): of["use"].tolist() for space, of in fitting.groupby("space_id", sort=False)}

    @cached_property
    def data_on(self) -> str:
        """The date of the data; empty where none is stated."""
        return data_date(self.results.town)

    @cached_property
    def progress(self) -> pd.DataFrame | None:
        """How the projects stand on the date of the data, in the order of the layer; nothing without it."""
        if "projects" not in self.results.town:
            return None
        rows = project_progress(self.results, on=self.data_on or _ANY_DAY).projects
        # Without a date nothing tells what is late.
        return rows if self.data_on else rows.assign(status="unknown", late_day_count=np.nan)

    @cached_property
    def project_blocks(self) -> list[str | None] | None:
        """The block of each project: the one that is named, else where it lies; nothing without the layer."""
        rows = self.progress
        return None if rows is None else column_values(rows, "block_id")

    def blocks_of(self, shapes: Sequence[shapely.Geometry]) -> list[str | None]:
        """Find the block that each shape lies in, by a point inside it; nothing for outside."""
        if not self.blocks or not len(shapes):
            return [None] * len(shapes)
        inside = shapely.point_on_surface(np.asarray(shapes, dtype=object))
        shape, block = shapely.STRtree(self.block_shapes).query(inside, predicate="intersects")
        # Where blocks overlap the one with the lowest number is taken.
        lowest = dict(sorted(zip(shape.tolist(), block.tolist(), strict=True), reverse=True))
        return [self.blocks[lowest[row]].area_id if row in lowest else None for row in range(len(shapes))]

    def word(self, key: str, **values: object) -> str:
        """Write words of the workbook."""
        return text(f"book.word.{key}", lang=self.lang, **values)

    def sheet_name(self, key: str) -> str:
        """Write what the tab of a sheet is called."""
        return text(f"book.sheet.{key}", lang=self.lang)

    def title(self, key: str) -> str:
        """Write what stands above a sheet or one of its tables."""
        return text(f"book.title.{key}", lang=self.lang)

    def note(self, key: str, **values: object) -> str:
        """Write a note on a sheet."""
        return text(f"book.note.{key}", lang=self.lang, **values)

    def not_run(self, step: str) -> str:
        """Say that results lack a step, and what to do for it."""
        call = text(f"book.call.{step}", lang=self.lang)
        if step == "programme":
            return self.note("no_programme", call=call)
        return self.note("not_run", step=text(f"book.step.{step}", lang=self.lang), call=call)

    def named(self, kind: str, value: object) -> str | None:
        """Write what a value of a kind is called; nothing where it is missing."""
        return None if is_missing(value) else named(kind, str(value), lang=self.lang)

    def block(self, block_id: object) -> str:
        """Write which block something lies in; the words for outside where it is in none."""
        if is_missing(block_id):
            return self.word("outside")
        return self._names.get(str(block_id), str(block_id))

    def block_order(self, block_id: object) -> int:
        """Give the place of a block among the blocks; outside comes last."""
        order = [place.area_id for place in self.blocks]
        return order.index(str(block_id)) if str(block_id) in order else len(order)

    def table(
        self, heads: Sequence[Head], rows: Sequence[Sequence[Cell]] | None, source: str, **more: object
    ) -> SheetTable:
        """Make a table; without rows it says that there are none, without a step that nothing is known.

        Where no sites were chosen there is no column of what the programme would make of it.
        """
        if self.results.programme is None:
            kept = [at for at, head in enumerate(heads) if not _is_planned(head) or _has_known(rows, at)]
            heads = [heads[at] for at in kept]
            rows = None if rows is None else [[row[at] for at in kept] for row in rows]
        if rows is None:
            rows = [[None] * len(heads)]
        elif not rows:
            rows = [[self.word("no_rows"), *[""] * (len(heads) - 1)]]
        return SheetTable(heads, rows, source, **more)  # type: ignore[arg-type]  # options by name

    @property
    def people_notes(self) -> list[str]:
        """Say what stands for people where nobody was counted."""
        circles = self.results.circles
        if circles is None or circles.people_basis == "people":
            return []
        return [text(f"programme.basis_{circles.people_basis}", lang=self.lang)]

    def needs(self, missing: str) -> str:
        """Write in words what would settle a value: layers, columns and steps."""
        return missing_words(missing, lang=self.lang)

    def layer(self, layer: str) -> str:
        """Write what a layer is called."""
        return layer_words(layer, lang=self.lang)

    def owner(self, owner: object) -> str | None:
        """Write whose a space is; nothing where that is not known."""
        return None if owner == "unknown" else self.named("owner", owner)

    def unit(self, unit: str) -> str:
        """Write what a unit is called."""
        return unit_name(unit, lang=self.lang)

    def red_line(self, red_line: str) -> str:
        """Write what a red line is called."""
        return display_name("red_line", red_line, lang=self.lang)

    def source(self, source: str, tag: str) -> str:
        """Write where a figure comes from and how sure it is."""
        said = source_words(source, lang=self.lang)
        return self.word("source", source=said, tag=named("confidence", tag, lang=self.lang)) if tag else said


#: Columns of what the programme would make of it, beside those that are from the programme.
_PLANNED = (
    *("planned", "attained_planned", "green_planned", "green_gain_planned"),
    *("score_planned", "score_delta", "rank_planned"),
)


def _is_planned(head: Head) -> bool:
    return head.source == "programme" or head.key in _PLANNED


def _has_known(rows: Sequence[Sequence[Cell]] | None, at: int) -> bool:
    values = (row[at] for row in rows or ())
    told = (value.value if isinstance(value, Measure) else value for value in values)
    return any(not is_missing(value) and value not in ("", NOT_THERE) for value in told)


def is_missing(value: object) -> bool:
    """Say whether a value of a table is missing.

    Parameters
    ----------
    value
        The value.

    Returns
    -------
    bool
        True for ``None`` and for what stands for it in a column.

    Examples
    --------
    >>> is_missing(None), is_missing(float("nan")), is_missing("")
    (True, True, False)
    """
    return value is None or value is pd.NA or value is pd.NaT or value != value  # noqa: PLR0124  not a number


def number(frame: pd.DataFrame, column: str) -> list[float | None]:
    """List the numbers of a column that a layer may have.

    Parameters
    ----------
    frame
        The layer.
    column
        The column.

    Returns
    -------
    list
        A number per row, ``None`` where it is missing or the column is.

    Examples
    --------
    >>> number(pd.DataFrame({"a": [1, None]}), "a"), number(pd.DataFrame({"a": [1]}), "b")
    ([1.0, None], [None])
    """
    return [None if value is None else float(value) for value in column_values(frame, column)]


def total(values: Sequence[float | None]) -> float | None:
    """Sum what is known.

    Parameters
    ----------
    values
        Numbers, ``None`` where one is missing.

    Returns
    -------
    float or None
        Their sum; ``None`` where none is known, though there are some.

    Examples
    --------
    >>> total([1.0, None]), total([None]), total([])
    (1.0, None, 0.0)
    """
    known = [value for value in values if value is not None and not pd.isna(value)]
    return None if values and not known else float(sum(known))
