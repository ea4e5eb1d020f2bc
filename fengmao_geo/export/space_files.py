"""Spaces handed out: a GeoPackage, tables for a spreadsheet, and the form to fill in on site."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd

from fengmao_geo.export.files import write_whole
from fengmao_geo.export.space_words import kind_name
from fengmao_geo.messages import Lang, text

if TYPE_CHECKING:
    import geopandas as gpd

    from fengmao_geo.results import Results

__all__ = ["REVIEW", "earlier_spaces", "space_summary", "write_space_files"]

#: The form that a planner fills in on site.
REVIEW = "spaces_review.csv"

_SPACES = "spaces.gpkg"
# A spreadsheet takes a text that starts so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_space_files(
    results: Results, *, folder: str | Path, review: pd.DataFrame | None = None
) -> list[Path]:
    """Write the spaces of a town, what each could become, and the form for the visit on site.

    Parameters
    ----------
    results
        With spaces and their uses.
    folder
        Where to write; it is made if it is missing.
    review
        The form as it was filled in; its rows are kept, also those of spaces that are no longer found.

    Returns
    -------
    list of Path
        ``spaces.gpkg``, ``spaces.csv``, ``possible_uses.csv``, ``spaces_review.csv``; the tables in UTF-8
        with the mark that spreadsheets look for.

    Raises
    ------
    OSError
        If a file cannot be written; what was there stays.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    if results.spaces is None or results.uses is None:
        return []
    spaces = results.spaces
    return [
        write_whole(target / _SPACES, _geopackage(spaces)),
        _csv(target / "spaces.csv", pd.DataFrame(spaces.drop(columns="geometry"))),
        _csv(target / "possible_uses.csv", results.uses),
        _csv(target / REVIEW, _form(spaces, review)),
    ]


def earlier_spaces(folder: str | Path) -> gpd.GeoDataFrame | None:
    """Read the spaces that an earlier run wrote to a folder, so that they keep their ids.

    Parameters
    ----------
    folder
        The folder of results.

    Returns
    -------
    GeoDataFrame or None
        The table ``spaces``; ``None`` where there is none.
    """
    import geopandas as gpd  # noqa: PLC0415  heavy

    path = Path(folder) / _SPACES
    return gpd.read_file(path, layer="spaces") if path.exists() else None


def space_summary(spaces: pd.DataFrame, *, lang: Lang = "zh") -> pd.DataFrame:
    """Sum up spaces by kind, as people read them.

    Parameters
    ----------
    spaces
        The table ``spaces``.
    lang
        The language of heads and names.

    Returns
    -------
    DataFrame
        One row per kind: how many, m², how many of them suspected, how many that a control hits.
    """
    rows = [
        {
            "kind": kind_name(str(kind), lang=lang),
            "count": f"{len(of):,}",
            "area_m2": f"{of['area_m2'].sum():,.0f}",
            "suspected": f"{(of['certainty'] == 'suspected').sum():,}",
            "controls": f"{(of['controls'] != '').sum():,}",
        }
        for kind, of in spaces.groupby("kind", sort=True)
    ]
    names = ("kind", "count", "area_m2", "suspected", "controls")
    heads = {name: text(f"space_summary.{name}", lang=lang) for name in names}
    return pd.DataFrame(rows, columns=list(heads)).rename(columns=heads)


def _geopackage(spaces: gpd.GeoDataFrame) -> bytes:
    """Write a GeoPackage beside everything, since its driver does not write whole or not at all."""
    import pyogrio  # noqa: PLC0415  heavy

    # A GeoPackage states when it was written; two runs give the same bytes.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "1970-01-01T00:00:00.000Z"})
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / _SPACES
            spaces.to_file(path, layer="spaces", driver="GPKG")
            return path.read_bytes()
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _csv(path: Path, table: pd.DataFrame) -> Path:
    texts = table.select_dtypes(exclude="number").columns
    safe = table.assign(**{name: table[name].map(_plain) for name in texts})
    return write_whole(path, b"\xef\xbb\xbf" + safe.to_csv(index=False, lineterminator="\n").encode("utf-8"))


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _form(spaces: pd.DataFrame, review: pd.DataFrame | None) -> pd.DataFrame:
    """Lay out the form: every space, with what was decided and why; then rows of spaces not found again."""
    rows = spaces[["space_id", "name", "kind", "decision"]].assign(reason="")
    if review is None or "space_id" not in review.columns:
        return rows
    old = review.drop_duplicates("space_id", keep="last").set_index("space_id")
    reasons = old["reason"].fillna("") if "reason" in old.columns else pd.Series(dtype=str)
    rows["reason"] = rows["space_id"].map(reasons).fillna("")
    gone = review[~review["space_id"].isin(rows["space_id"]) & review["space_id"].notna()]
    return pd.concat([rows, gone.reindex(columns=rows.columns).fillna("")], ignore_index=True)
