"""Spaces as files to hand over: maps' tables for Excel, a GeoPackage, and the review to fill in on site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from fengmao_geo.errors import UsageError
from fengmao_geo.export.files import write_whole
from fengmao_geo.export.geopackage import write_tables
from fengmao_geo.export.map_data import column_values
from fengmao_geo.export.space_words import (
    capital,
    control_name,
    evidence_words,
    kind_name,
    place_name,
    reason_words,
    use_name,
)
from fengmao_geo.export.theme import named, theme
from fengmao_geo.messages import text
from fengmao_geo.spaces.review import review_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["REVIEW", "headed", "read_reviews", "space_summary", "table_csv", "write_space_files"]

#: The name of the table that is filled in on site.
REVIEW = "spaces_review.csv"

_REVIEW_COLUMNS = ("space_id", "name", "kind", "decision", "reason")
# What begins so is a formula to Excel.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def read_reviews(paths: Sequence[str | Path]) -> pd.DataFrame | None:
    """Read what was decided on site, from every table there is; what was filled in last counts.

    Parameters
    ----------
    paths
        CSV files with ``space_id, decision, reason``, in UTF-8 or as Chinese Excel writes them (GBK).

    Returns
    -------
    DataFrame or None
        One row per space, text as it was typed, with whatever other columns there are. Of two files the one
        that was changed last counts, but for cells it leaves empty. ``None`` where there is no file.

    Raises
    ------
    UsageError
        If a file cannot be read or lacks ``space_id`` or ``decision``.

    Examples
    --------
    >>> read_reviews(["no_such_file.csv"]) is None
    True
    """
    there = [path for path in map(Path, dict.fromkeys(paths)) if path.exists()]
    if not there:
        return None
    # People fill in the copy at hand, be it the town's or the one written last.
    oldest_first = sorted(there, key=lambda path: path.stat().st_mtime_ns)
    rows = pd.concat([_read(path) for path in oldest_first], ignore_index=True)
    # `last` passes over what is missing, so an empty cell keeps what an earlier table says.
    return pd.DataFrame(rows.groupby("space_id", sort=False).last().reset_index())


def _read(path: Path) -> pd.DataFrame:
    table = review_table(path)
    plain = pd.DataFrame({name: table[name].map(_unguarded).str.strip() for name in table.columns})
    return plain[plain["space_id"] != ""].replace("", None)


def write_space_files(
    results: Results, *, folder: str | Path, review: pd.DataFrame | None = None, lang: Lang = "zh"
) -> list[Path]:
    """Write the spaces, what each could become, and the review to fill in.

    Parameters
    ----------
    results
        With spaces and possible uses.
    folder
        Where to write; it is made if it is not there.
    review
        What was decided before, as `read_reviews` gives it; all of it is kept.
    lang
        The language of the tables; the GeoPackage holds the ids of ``fengmao columns spaces``.

    Returns
    -------
    list of Path
        ``spaces.gpkg``, ``spaces.csv``, ``possible_uses.csv`` and ``spaces_review.csv``; of results that are
        `public_results` without the review.

    Raises
    ------
    UsageError
        If the results hold no spaces.
    OSError
        If the folder or a file cannot be written.
    """
    if results.spaces is None or results.uses is None:
        raise UsageError("no_spaces")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    spaces = results.spaces
    names = dict(zip(spaces["space_id"], spaces["name"], strict=True))
    tables = {
        "spaces.csv": _space_rows(spaces, lang),
        "possible_uses.csv": _use_rows(results.uses, names, lang),
    }
    if results.share == "internal":
        tables[REVIEW] = _review_rows(spaces, review, lang)
    return [
        write_tables({"spaces": spaces}, target / "spaces.gpkg"),
        *(write_whole(target / name, table_csv(table)) for name, table in tables.items()),
    ]


def _space_rows(spaces: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Write the table of spaces in words."""
    mark = text("label.list_mark", lang=lang)
    whys = zip(spaces["rule"], spaces["evidence"], strict=True)
    words = {
        "name": [place_name(name, lang=lang) for name in spaces["name"]],
        "kind": _kinds(spaces, lang),
        "evidence": ["; ".join(evidence_words(rule, evidence, lang=lang)) for rule, evidence in whys],
        "controls": [
            mark.join(control_name(part, lang=lang) for part in told.split(";") if part)
            for told in spaces["controls"]
        ],
        **{
            name: [
                "" if value is None else named(of, value, lang=lang) for value in column_values(spaces, name)
            ]
            for name, of in _NAMED.items()
        },
    }
    plain = spaces.drop(columns=["geometry", "rule", "basis"], errors="ignore").assign(**words)
    plain["is_accessible"] = _answers(spaces["is_accessible"], lang)
    return headed(plain, lang)


_NAMED = {
    "family": "family",
    "certainty": "certainty",
    "owner": "owner",
    "bridge_manager": "manager",
    "decision": "decision",
}


def _answers(values: pd.Series, lang: Lang) -> list[str]:
    return [text("label.yes" if value else "label.no", lang=lang) for value in values]


def _kinds(spaces: pd.DataFrame, lang: Lang) -> list[str]:
    is_suspected = spaces["certainty"] == "suspected"
    pairs = zip(spaces["kind"], is_suspected.tolist(), strict=True)
    return [kind_name(kind, is_suspected=suspected, lang=lang) for kind, suspected in pairs]


def _use_rows(uses: pd.DataFrame, names: dict[Any, str], lang: Lang) -> pd.DataFrame:
    """Write what each space could become in words; the words of one reason are found once."""
    reasons = {reason: reason_words(reason, lang=lang) for reason in uses["reason"].unique()}
    kinds = {use: capital(use_name(use, lang=lang)) for use in uses["use"].unique()}
    fits = {value: named("fits", value, lang=lang) for value in uses["fits"].unique()}
    called = {space: place_name(name, lang=lang) for space, name in names.items()}
    plain = uses.assign(
        use=uses["use"].map(kinds), fits=uses["fits"].map(fits), reason=uses["reason"].map(reasons)
    )
    plain.insert(1, "name", uses["space_id"].map(called))
    return headed(plain, lang)


def headed(table: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Round measures to two decimals, people to whole ones, and head the columns as readers call them.

    Parameters
    ----------
    table
        The table; its columns have names in the group ``column`` of ``messages.toml``.
    lang
        ``zh`` or ``en``.

    Returns
    -------
    DataFrame
        The table to hand over.
    """
    rounded = table.round(dict.fromkeys(table.select_dtypes("number").columns, 2))
    people = [str(name) for name in rounded if str(name).endswith("_people")]
    rounded = rounded.assign(**{name: rounded[name].round().astype("Int64") for name in people})
    return rounded.rename(columns={name: text(f"column.{name}", lang=lang) for name in table.columns})


def _review_rows(spaces: pd.DataFrame, review: pd.DataFrame | None, lang: Lang) -> pd.DataFrame:
    """Lay the review out: every space, then what was decided of spaces that are no more."""
    template = pd.DataFrame(
        {
            "space_id": spaces["space_id"].to_numpy(),
            "name": [place_name(name, lang=lang) for name in spaces["name"]],
            "kind": _kinds(spaces, lang),
        }
    )
    if review is None:
        return template.assign(decision="", reason="").fillna("")
    kept = review.set_index("space_id")
    gone = kept[~kept.index.isin(template["space_id"])]
    more = [name for name in kept.columns if name not in ("name", "kind")]
    said = template.join(kept[more], on="space_id")
    # A row that nobody filled in and whose space is gone says nothing.
    filled = gone[gone[more].notna().any(axis=1)].reset_index()
    rows = pd.concat([said, filled], ignore_index=True)
    order = [*_REVIEW_COLUMNS, *(name for name in rows.columns if name not in _REVIEW_COLUMNS)]
    return rows.reindex(columns=order).fillna("")


def table_csv(table: pd.DataFrame) -> bytes:
    r"""Write a table as Excel reads it: UTF-8 with its mark, no cell a formula.

    Parameters
    ----------
    table
        The table; its index is left out.

    Returns
    -------
    bytes
        The content of a CSV file.

    Examples
    --------
    >>> table_csv(pd.DataFrame({"name": ["=1+1"]}))[3:]
    b"name\n'=1+1\n"
    """
    texts = table.select_dtypes(exclude=["number", "bool"]).columns
    guarded = table.assign(**{name: table[name].map(_guarded) for name in texts})
    heads = {name: _guarded(name) for name in table.columns}
    return guarded.rename(columns=heads).to_csv(index=False, lineterminator="\n").encode("utf-8-sig")


def _guarded(value: object) -> object:
    """Put an apostrophe before text that Excel would run."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _unguarded(value: str) -> str:
    return value[1:] if value.startswith("'") and value[1:].startswith(_FORMULA) else value


def space_summary(results: Results, *, lang: Lang = "zh") -> pd.DataFrame:
    """Sum the spaces up by kind, as people read them.

    Parameters
    ----------
    results
        With spaces.
    lang
        The language of heads and names.

    Returns
    -------
    DataFrame
        One row per kind, all of them last: how many, m², how many are suspected only, how many hit a control,
        and the people within 5 minutes of the middle one (those of several may be the same people).
    """
    spaces = results.spaces
    if spaces is None or not len(spaces):
        return pd.DataFrame()
    order = {kind: place for place, kind in enumerate(theme()["space"]["kind"])}
    kinds = sorted(spaces["kind"].unique(), key=lambda kind: (order.get(kind, len(order)), kind))
    groups = [(kind_name(kind, lang=lang), spaces[spaces["kind"] == kind]) for kind in kinds]
    rows = [_summed(name, rows, lang) for name, rows in [*groups, (text("summary.all", lang=lang), spaces)]]
    return pd.DataFrame(rows).rename(columns={name: text(f"summary.{name}", lang=lang) for name in rows[0]})


def _summed(name: str, rows: pd.DataFrame, lang: Lang) -> dict[str, str]:
    people = rows["within_5_min_people"].median()
    return {
        "kind": name,
        "space_count": f"{len(rows):,}",
        "space_m2": f"{rows['area_m2'].sum():,.0f}",
        "suspected_count": f"{(rows['certainty'] == 'suspected').sum():,}",
        "controls_count": f"{(rows['controls'] != '').sum():,}",
        "near_people": text("label.unknown", lang=lang) if pd.isna(people) else f"{people:,.0f}",
    }
