"""The town: checked layers in one projected CRS, and what was found while checking."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from fengmao_geo.errors import TownError, UnknownNameError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.geo.crs import parse_crs, town_crs_fault
from fengmao_geo.geo.zones import working_crs
from fengmao_geo.standards.load import facility_type_names
from fengmao_geo.standards.names import normalise
from fengmao_geo.town.check import Source, absent_layers, checked_layers, has_error, has_geometry
from fengmao_geo.town.people import Spread, spread_people
from fengmao_geo.town.rasters import raster_findings, raster_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fengmao_geo.geo.overlaps import OverlapPolicy
    from fengmao_geo.geo.raster_file import RasterFile
    from fengmao_geo.geo.zones import Stated

__all__ = ["Layers", "Town", "TownSettings", "build_town"]


@dataclass(frozen=True)
class TownSettings:
    """What a town's data cannot say of themselves.

    Parameters
    ----------
    boundary_basis, boundary_year
        What the boundary of the built-up area is, and of which year; every ratio prints it.
    bridges_complete
        Whether every bridge that can be walked is drawn as one: a street over water without one is cut.
    surveyed_types
        Facility types of which the layer holds all there are, or ``"all"``: none listed means none there.
    notice
        What is printed on every page.
    people_total
        The town's people, to be spread over residential floor area where no column counts them.
    dates
        The date of each layer.
    codes
        The code scheme of a layer: ``sandiao``, ``gbt21010``, ``ydyh2023`` or ``osm``.
    overlaps
        Of a layer, which of two polygons that share ground keeps it: ``first`` by id, or ``smaller``; or
        ``error`` to refuse it. Without a word it is left, and counts twice.
    site_rules
        How sites are chosen: the table ``[site_rules]`` of the town's file, as `site_settings` reads it.
    score
        How blocks are scored: the table ``[score]`` of the town's file, as `score_settings` reads it.
    """

    boundary_basis: str = ""
    boundary_year: int | None = None
    bridges_complete: bool = False
    surveyed_types: Literal["all"] | frozenset[str] = frozenset()
    notice: str = ""
    people_total: float | None = None
    dates: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    overlaps: Mapping[str, OverlapPolicy] = field(default_factory=dict)
    site_rules: Mapping[str, Any] = field(default_factory=dict)
    score: Mapping[str, Any] = field(default_factory=dict)


class Layers(Mapping[str, gpd.GeoDataFrame]):
    """A town's layers by name; each look-up gives a copy, so that nobody changes the town.

    Parameters
    ----------
    frames
        The layers.
    """

    def __init__(self, frames: Mapping[str, gpd.GeoDataFrame]) -> None:
        self._frames = dict(frames)

    def __getitem__(self, name: str) -> gpd.GeoDataFrame:
        if name not in self._frames:
            raise UnknownNameError("unknown_layer", name=name, known=", ".join(self._frames))
        return self._frames[name].copy()

    def __contains__(self, name: object) -> bool:
        return name in self._frames

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def __repr__(self) -> str:
        return (
            f"<Layers: {', '.join(f'{name} {_count(len(frame))}' for name, frame in self._frames.items())}>"
        )


@dataclass(frozen=True, repr=False, eq=False)
class Town:
    """A town: its layers, checked, in one projected CRS in metres.

    Parameters
    ----------
    name
        Its name.
    crs
        Its CRS; coordinates carry no zone number.
    layers
        The layers that are there, by the library's names, rows in the order of their ids.
    findings
        What was found in the data and not so bad as to stop: the table ``findings``.
    settings
        What the data cannot say of themselves.
    rasters
        Rasters by the library's names, such as ``imagery_before``; no pixel of them has been read.
    """

    name: str
    crs: CRS
    layers: Layers
    findings: pd.DataFrame
    settings: TownSettings
    rasters: Mapping[str, RasterFile] = field(default_factory=dict)

    def __getitem__(self, layer: str) -> gpd.GeoDataFrame:
        """Give a copy of a layer."""
        return self.layers[layer]

    def __contains__(self, layer: object) -> bool:
        """Say whether the town has a layer."""
        return layer in self.layers

    def __repr__(self) -> str:
        count = sum(self._counts().values())
        rasters = f"{len(self.rasters)} rasters, " if self.rasters else ""
        return (
            f"<Town {self.name}: {len(self.layers)} layers, {_count(count)} features, {rasters}"
            f"{self.crs.to_string()}, {_count(len(self.findings))} findings>"
        )

    def _repr_html_(self) -> str:
        counts = self._counts()
        rows = pd.DataFrame({"layer": list(counts), "features": list(counts.values())})
        return str(rows.assign(town=self.name).set_index(["town", "layer"]).to_html())

    def _counts(self) -> dict[str, int]:
        return {name: len(frame) for name, frame in self.layers.items()}

    @cached_property
    def extent(self) -> shapely.Geometry:
        """The ground within which streets and facilities are complete: ``extent``, else the built-up area."""
        frame = self.layers["extent" if "extent" in self.layers else "built_up"]
        return shapely.union_all(frame.geometry.to_numpy())

    @cached_property
    def spread(self) -> Spread:
        """The dwellings with their people, spread once."""
        return spread_people(self.layers, self.settings, self.rasters)

    def fingerprint(self) -> str:
        """Sum up every layer, raster and setting in one text that changes when any of them does.

        Rasters count by what is in their files, which are read through, not by where these lie.

        Returns
        -------
        str
            Hexadecimal digits.

        Raises
        ------
        OSError
            If a raster's file is no longer there.
        """
        settings = {
            part.name: sorted(value)
            if isinstance(value := getattr(self.settings, part.name), frozenset)
            else value
            for part in fields(self.settings)
        }
        digest = hashlib.sha256(f"{self.name} {self.crs.to_wkt()} {settings}".encode())
        for name, frame in self.layers.items():
            digest.update(name.encode())
            digest.update(frame.drop(columns="geometry").to_json(orient="split", index=False).encode())
            digest.update(b"".join(shapely.to_wkb(frame.geometry.to_numpy())))
        for name in sorted(self.rasters):
            digest.update(f"{name} {raster_text(self.rasters[name])}".encode())
        return digest.hexdigest()

    @classmethod
    def from_layers(
        cls,
        *,
        name: str = "",
        crs: str | CRS | None = None,
        settings: TownSettings | None = None,
        rasters: Mapping[str, RasterFile] | None = None,
        **layers: gpd.GeoDataFrame,
    ) -> Town:
        """Make a town of layers in memory, with the same checks as those of files.

        Parameters
        ----------
        name
            The town's name.
        crs
            Its projected CRS in metres; without it that of the built-up area, else the first there is.
        settings
            What the data cannot say of themselves.
        rasters
            The rasters by the library's names, such as ``imagery_before``.
        **layers
            The layers by the library's names: ``built_up``, ``streets``, one of ``buildings``, ``parcels``
            and ``addresses``, and any other that ``fengmao columns`` lists.

        Returns
        -------
        Town
            The town; the layers given are not changed.

        Raises
        ------
        TownError
            If the data have faults; it carries the findings of all layers.

        Examples
        --------
        >>> ground = gpd.GeoSeries([shapely.box(572_000, 3_403_000, 573_000, 3_404_000)], crs=4549)
        >>> street = gpd.GeoSeries.from_wkt(["LINESTRING (572000 3403500, 573000 3403500)"], crs=4549)
        >>> home = gpd.GeoDataFrame({"use": ["residential"], "people": [9]}, geometry=ground.buffer(-400))
        >>> town = Town.from_layers(
        ...     name="T",
        ...     built_up=gpd.GeoDataFrame(geometry=ground),
        ...     streets=gpd.GeoDataFrame(geometry=street),
        ...     buildings=home,
        ... )
        >>> town
        <Town T: 3 layers, 3 features, EPSG:4549, 0 findings>
        """
        settings = settings or TownSettings()
        placed = {layer: frame for layer, frame in layers.items() if has_geometry(frame)}
        sources = {
            layer: Source(
                frame,
                None if frame.crs is None else parse_crs(frame.crs),
                overlaps=settings.overlaps.get(layer),
            )
            for layer, frame in placed.items()
        }
        found = [Finding("geometry_absent", layer) for layer in layers if layer not in placed]
        stated = _first_crs(sources) if crs is None else parse_crs(crs)
        return build_town(
            sources,
            name=name,
            crs=stated,
            settings=settings,
            rasters=rasters or {},
            findings=found,
        )


def _first_crs(sources: Mapping[str, Source]) -> Stated:
    ordered = sorted(sources, key=lambda layer: layer != "built_up")
    return next((stated for layer in ordered if (stated := sources[layer].stated) is not None), None)


def _count(number: int) -> str:
    return f"{number:_}".replace("_", " ")


def build_town(
    sources: Mapping[str, Source],
    *,
    name: str,
    crs: Stated,
    settings: TownSettings,
    rasters: Mapping[str, RasterFile],
    findings: list[Finding],
) -> Town:
    """Check layers and make a town of them.

    Parameters
    ----------
    sources
        The layers as they came, by the library's names.
    name
        The town's name.
    crs
        The coordinate system stated for the town.
    settings
        What the data cannot say of themselves.
    rasters
        The rasters by the library's names.
    findings
        What was found while layers and rasters were read.

    Returns
    -------
    Town
        The town.

    Raises
    ------
    TownError
        If anything found is an error; it carries all findings.
    """
    built_up = sources.get("built_up") or next(iter(sources.values()), None)
    fault = town_crs_fault(crs, layer="town", frame=None if built_up is None else built_up.frame)
    found = [*findings, *([fault] if fault else [])]
    settings, type_found = _known_types(settings)
    working = working_crs(crs) if fault is None and isinstance(crs, CRS) else None
    layers, layer_found = checked_layers(sources, crs=working, codes=settings.codes)
    named = {finding.layer for finding in findings}
    found += [*type_found, *layer_found, *absent_layers({*sources, *named})]
    ground = layers["built_up"].geometry if working is not None and "built_up" in layers else None
    found += raster_findings(rasters, built_up=ground, named=named)
    if isinstance(crs, CRS) and working is not None and not working.equals(crs):
        found.append(Finding("crs_unprefixed", "town", values={"crs": crs.name, "to": working.to_string()}))
    if not has_error(found):
        found += spread_people(layers, settings, rasters).findings
    table = findings_table(found)
    count = int((table["severity"] == "error").sum())
    if count or working is None:
        raise TownError("town_faults", table, crs=working, count=count, name=name)
    return Town(name, working, Layers(layers), table, settings, dict(rasters))


def _known_types(settings: TownSettings) -> tuple[TownSettings, list[Finding]]:
    """Write the surveyed facility types by their ids."""
    if settings.surveyed_types == "all":
        return settings, []
    names = facility_type_names()
    ids = {theirs: names.get(normalise(theirs)) for theirs in sorted(settings.surveyed_types)}
    found = [
        Finding("surveyed_type_unknown", "town", values={"value": theirs})
        for theirs in ids
        if not ids[theirs]
    ]
    return replace(settings, surveyed_types=frozenset(known for known in ids.values() if known)), found
