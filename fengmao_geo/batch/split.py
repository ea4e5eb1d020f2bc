"""One large set of layers cut into towns, so that each can be studied by itself with the same numbers."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from tqdm import tqdm

from fengmao_geo.batch.crop import cropped
from fengmao_geo.batch.halo import LEG_M, OWN, Around, Pieces, kept_layers, with_people
from fengmao_geo.batch.outlines import LAYER
from fengmao_geo.batch.plan import Plan, furthest_walk_m, plan_split
from fengmao_geo.errors import NetworkError, TownError, UsageError
from fengmao_geo.export.town_folder import write_town
from fengmao_geo.findings import Finding, findings_table, join_findings
from fengmao_geo.life_circle.places import facility_places
from fengmao_geo.network.attach import attach
from fengmao_geo.network.build import walk_network
from fengmao_geo.tables import FINDINGS, LAYERS, REQUIRED_LAYERS, RESULTS
from fengmao_geo.town.people import dwellings
from fengmao_geo.town.town import Layers, Town

if TYPE_CHECKING:
    import geopandas as gpd

    from fengmao_geo.messages import Lang

__all__ = ["SplitTowns", "named_file", "split_towns"]

#: Streets that break off just outside what is walked are of one part with others farther out.
_STREETS_TIMES = 1.5
#: How far out it is looked whether parts of the streets meet.
_WIDEST_TIMES = 12.0
#: How the folder begins that is there while towns are cut; one that is killed leaves it.
_WORK = ".split."


@dataclass(frozen=True, repr=False, eq=False)
class SplitTowns:
    """What became of each town.

    Parameters
    ----------
    towns
        The table ``split_towns``: one row per town.
    findings
        What concerns the cut as a whole, and why towns were not written: the table ``findings``. What was
        found in the data of a town that was written lies in its folder.
    """

    towns: pd.DataFrame
    findings: pd.DataFrame

    def __repr__(self) -> str:
        written = int(self.towns["is_written"].sum())
        return f"<SplitTowns: {written} of {len(self.towns)} written, {len(self.findings)} findings>"


def split_towns(
    path: str | Path,
    *,
    out: str | Path,
    by: str | Path | gpd.GeoDataFrame | None = None,
    by_layer: str | None = None,
    name_column: str | None = None,
    minutes: float = 15.0,
    lang: Lang = "zh",
) -> SplitTowns:
    """Cut layers of many towns into a folder for each, with all around it that its people may walk to.

    What is computed of a town's folder within ``minutes`` is what the uncut layers give: buildings, parcels,
    blocks and projects belong to the town in which a point of theirs lies, and are kept whole; facilities,
    streets, water, walls and all else are kept as far as anybody walks, streets whole and as far out as
    they decide which of them hang together; the built-up area is cut at the outline. GeoPackage and
    GeoParquet are read piece by piece, so that they need not fit in memory.

    Parameters
    ----------
    path
        A folder with a ``town.toml``, or that file; its layers hold all towns.
    out
        Where each town gets a folder, named after it.
    by
        Outlines of the towns, one row each with its name, and its people where they are to be spread over it;
        without it each feature of ``built_up`` is a town.
    by_layer
        The layer of the file ``by``, where it holds several.
    name_column
        The column that names towns, where it is not called as names are (``fengmao standards field_names``).
    minutes
        The longest walk that is to be looked for. Walks to school are looked for up to 30.
    lang
        Language of the findings in the folders, ``zh`` or ``en``.

    Returns
    -------
    SplitTowns
        What became of each town; one that has faults of its own is told of, and keeps no other back.

    Raises
    ------
    TownError
        If what is common to all towns is at fault: ``town.toml``, a layer, or the outlines and their names.
    UsageError
        If a town's folder is there already, ``minutes`` is not positive, or the file ``by`` is not there or
        does not hold the layer that is named.
    OSError
        If a folder cannot be written, or the disk is full.
    """
    if not minutes > 0:
        raise UsageError("not_positive", name="minutes", value=minutes)
    target = Path(out)
    given = Path(by) if isinstance(by, str | Path) else by
    # Copies of layers, and towns that are not whole yet, lie where there is room for what is written.
    near = next(folder for folder in (target, *target.absolute().parents) if folder.is_dir())
    places = {folder.absolute() for folder in (near, target, target.absolute().parent)}
    rests = sorted(str(rest) for folder in places for rest in folder.glob(f"{_WORK}*"))
    with TemporaryDirectory(dir=near, prefix=_WORK) as work:
        plan = plan_split(Path(path), work=Path(work), by=given, by_layer=by_layer, name_column=name_column)
        ids = plan.outlines.table["town_id"]
        if there := [name for name in ids if (target / name).exists()]:
            raise UsageError("split_there", folder=str(target), names=", ".join(there[:20]))
        target.mkdir(parents=True, exist_ok=True)
        halo_m = furthest_walk_m(minutes) + LEG_M
        cuts = [
            _cut(plan, at, target, work=Path(work), halo_m=halo_m, lang=lang)
            for at in tqdm(range(len(plan.outlines)), delay=2, disable=None, leave=False)
        ]
    towns = pd.DataFrame([cut.row for cut in cuts]).astype(
        {"dwelling_count": "Int64", "apart_count": "Int64"}
    )
    told = [Finding("split_rest", LAYER, values={"folders": ", ".join(rests)})] if rests else []
    found = findings_table([*plan.found, *_left(plan, cuts), *_bases(cuts), *told])
    return SplitTowns(
        RESULTS["split_towns"].check(towns), join_findings([found, *(cut.findings for cut in cuts)])
    )


def named_file(text: str | None) -> tuple[Path | None, str | None]:
    """Read a file and a column of it as they are typed: ``FILE`` or ``FILE:COLUMN``.

    Parameters
    ----------
    text
        What was typed.

    Returns
    -------
    Path or None
        The file.
    str or None
        The column.

    Examples
    --------
    >>> file, column = named_file("towns.gpkg:XZMC")
    >>> file.name, column
    ('towns.gpkg', 'XZMC')
    >>> named_file(None)
    (None, None)
    """
    if text is None:
        return None, None
    file, _, column = text.rpartition(":")
    # A single letter before the colon is a drive.
    return (Path(text), None) if len(file) < 2 or Path(text).exists() else (Path(file), column or None)


@dataclass(frozen=True)
class _Cut:
    """What became of one town."""

    row: dict[str, object]
    findings: pd.DataFrame
    counts: dict[str, int]
    kept: dict[str, int]
    bases: tuple[str, str] | None = None


def _cut(plan: Plan, at: int, target: Path, *, work: Path, halo_m: float, lang: Lang) -> _Cut:
    """Cut one town out and write its folder whole, or say why that cannot be."""
    about = plan.outlines.table.iloc[at]
    town_id, name = str(about["town_id"]), str(about["town_name"])
    row: dict[str, object] = {"town_id": town_id, "town_name": name, "is_written": False}
    row |= {"dwelling_count": pd.NA, "people": np.nan, "apart_count": pd.NA}
    part = work / f"{town_id}.part"
    part.mkdir()
    try:
        around, town, apart_count = _town(plan, at, halo_m)
        grounds = dict.fromkeys(plan.rasters, around.window)
        grounds |= {"elevation": shapely.box(*around.layers["streets"].total_bounds)}
        rasters, more = cropped(plan.rasters, grounds, crs=plan.crs, folder=part)
        findings = join_findings([town.findings, findings_table(more)])
        write_town(replace(town, rasters=rasters, findings=findings), folder=part, lang=lang)
        for rule_name, file in plan.rule_files.items():
            shutil.copyfile(file, part / rule_name)
        part.rename(target / town_id)
    except (TownError, NetworkError) as error:
        return _Cut(row, _told(error, name), {}, {})
    finally:
        shutil.rmtree(part, ignore_errors=True)
    spread = town.spread
    people = float(spread.rows["people"].sum()) if spread.people_basis == "people" else np.nan
    row |= {"is_written": True, "dwelling_count": len(spread.rows), "people": people}
    row["apart_count"] = apart_count
    told = [Finding("split_apart", LAYER, name, values={"count": apart_count})] if apart_count else []
    # What the outlines say of its people gives way to what its layers count.
    told += [
        Finding("split_people_unused", LAYER, name, "people", one.values)
        for one in spread.findings
        if one.code == "people_total_unused"
    ]
    kept = {layer: len(frame) for layer, frame in around.layers.items()}
    bases = (spread.dwelling_basis, spread.people_basis)
    return _Cut(row, findings_table(told), around.counts, kept, bases)


def _town(plan: Plan, at: int, halo_m: float) -> tuple[Around, Town, int]:
    """Make the town, with streets as far out as it takes to know which of them hang together."""
    pieces = Pieces(plan.layers, crs=plan.crs, codes=plan.settings.codes)
    about = plan.outlines.table.iloc[at]
    people = None if pd.isna(about["people"]) else float(about["people"])
    settings = replace(plan.settings, people_total=people)
    times = _STREETS_TIMES
    while True:
        around = kept_layers(pieces, plan.outlines, at, halo_m=halo_m, streets_m=times * halo_m)
        if errors := pieces.errors():
            raise TownError("town_faults", findings_table(errors), count=len(errors), name=about["town_name"])
        around = with_people(around, pieces, settings=settings, rasters=plan.rasters)
        layers = {layer: around.layers[layer] for layer in LAYERS if layer in around.layers}
        if empty := [layer for layer in REQUIRED_LAYERS if not len(layers[layer])]:
            faults = findings_table([Finding("split_empty", layer) for layer in empty])
            raise TownError("town_faults", faults, count=len(faults), name=about["town_name"])
        town = Town(str(about["town_name"]), plan.crs, Layers(layers), findings_table([]), settings)
        apart_count = _apart_count(town, around.ring)
        if not apart_count or times >= _WIDEST_TIMES:
            break
        times *= 2
    found = findings_table([*pieces.findings(around.layers), *around.found])
    return around, replace(town, findings=found), apart_count


def _apart_count(town: Town, ring: shapely.Geometry) -> int:
    """Count places joined to several parts of the streets that may be one where they go on.

    A place is joined to each part of the streets. Parts that leave the ground on which all streets are kept
    may meet beyond it, and then a place that is joined to both here would be joined to one of them there.
    """
    network = walk_network(town)
    leaves = ~shapely.covered_by(network.edge_lines, ring)
    leaving = np.unique(network.edge_part[leaves])
    if len(leaving) < 2:
        return 0
    homes = attach(network, dwellings(town).rename(columns={"dwelling_id": "id"}))
    places = [homes, *(there.attachments for there in facility_places(town, network).values())]
    count = 0
    for there in places:
        part = network.edge_part[there.edge_id]
        is_leaving = np.isin(part, leaving)
        pairs = np.unique(np.stack([there.place[is_leaving], part[is_leaving]]), axis=1)
        count += int((np.bincount(pairs[0]) > 1).sum()) if pairs.size else 0
    return count


def _told(error: TownError | NetworkError, name: str) -> pd.DataFrame:
    """Say that a town was not written, and of each error that it is that town's."""
    table = error.findings
    errors = table[table["severity"] == "error"]
    failed = Finding("split_failed", LAYER, name, values={"count": max(len(errors), 1)})
    return join_findings(
        [findings_table([failed]), FINDINGS.check(errors.assign(layer=name + ": " + errors["layer"]))]
    )


def _left(plan: Plan, cuts: list[_Cut]) -> list[Finding]:
    """Tell of features that belong to no town, and of layers that reach none."""
    found = []
    for layer, pieces in plan.layers.items():
        own = sum(cut.counts.get(layer, 0) for cut in cuts)
        kept = sum(cut.kept.get(layer, 0) for cut in cuts)
        if layer in OWN and own < pieces.count:
            values = {"count": pieces.count - own, "of": pieces.count, "layer": layer}
            found.append(Finding("split_left", layer, values=values))
        elif pieces.count and not kept:
            found.append(Finding("split_layer_away", layer, values={"count": pieces.count, "layer": layer}))
    return found


def _bases(cuts: list[_Cut]) -> list[Finding]:
    """Tell of towns whose dwellings or people are told by another layer than those of most."""
    written = [cut for cut in cuts if cut.bases is not None]
    usual = pd.Series([cut.bases for cut in written], dtype=object).mode()
    return [
        Finding(
            "split_basis",
            LAYER,
            str(cut.row["town_name"]),
            values={"basis": " / ".join(cut.bases or ()), "usual": " / ".join(usual.iloc[0])},
        )
        for cut in written
        if cut.bases != usual.iloc[0]
    ]
