"""What ``town.toml`` may say, and each fault of it in words."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from fengmao_geo.errors import TownError
from fengmao_geo.findings import Finding, findings_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["TOWN_FILE", "DatumPart", "JoinPart", "LayerPart", "QualityPart", "RasterPart", "RulePart"]
__all__ += ["TownFile", "TownPart", "read_town_file"]

TOWN_FILE = "town.toml"


def _as_text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TownPart(_Part):
    """The town: the table ``[town]``."""

    name: str
    crs: str
    boundary_basis: str = ""
    boundary_year: int | None = None
    bridges_complete: bool = False
    surveyed_types: Annotated[list[str], BeforeValidator(_as_list)] = Field(default_factory=list)
    notice: str = ""
    people_total: Annotated[float, Field(gt=0, strict=False)] | None = None


class JoinPart(_Part):
    """A table without places whose rows name the features of a layer: a table ``[layers.NAME.join]``."""

    path: str
    layer: str | None = None
    encoding: str | None = None
    by: str
    to: str = "name"
    fields: dict[str, str] = Field(default_factory=dict)


class LayerPart(_Part):
    """A vector layer: a table ``[layers.NAME]``."""

    path: str
    # The table of a GeoPackage or geodatabase, the sheet of a workbook, the file in an archive.
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    x: str | None = None
    y: str | None = None
    codes: Literal["sandiao", "gbt21010", "ydyh2023", "osm"] | None = None
    date: Annotated[str, BeforeValidator(_as_text)] | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    join: JoinPart | None = None
    # Of a drawing: its layers that hold this one, the land code of each, how wide a gap is closed.
    cad_layers: list[str] = Field(default_factory=list)
    cad_codes: dict[str, str] = Field(default_factory=dict)
    closing_m: Annotated[float, Field(ge=0, strict=False)] = 0.1
    # Of streets: whether they are drawn as their edges; surfaces are known by their geometry, except the
    # outlines in a drawing that holds other lines as well.
    drawn_as: Literal["centre_lines", "edges", "surfaces"] = "centre_lines"
    # Of parcels: which of two that overlap keeps the ground.
    overlaps: Literal["error", "first", "smaller"] | None = None


class DatumPart(_Part):
    """The user's own parameters from an old datum to CGCS2000: a table ``[datums."Xian 1980"]``.

    Three (``dx_m``, ``dy_m``, ``dz_m``) or seven (and ``rx_sec``, ``ry_sec``, ``rz_sec``, ``scale_ppm``)
    between geocentric coordinates, with the rotation of the coordinate frame; or four (``dx_m`` to the north,
    ``dy_m`` to the east, ``rotation_sec``, ``scale_ppm``) in the plane of the layer's own zone. The formulas
    stand in `geo.datum`.
    """

    dx_m: Annotated[float, Field(strict=False)]
    dy_m: Annotated[float, Field(strict=False)]
    dz_m: Annotated[float, Field(strict=False)] | None = None
    rx_sec: Annotated[float, Field(strict=False)] | None = None
    ry_sec: Annotated[float, Field(strict=False)] | None = None
    rz_sec: Annotated[float, Field(strict=False)] | None = None
    rotation_sec: Annotated[float, Field(strict=False)] | None = None
    scale_ppm: Annotated[float, Field(strict=False)] | None = None


class RulePart(_Part):
    """Bits that spoil a pixel: one of ``rules`` of a quality band."""

    cause: Literal["nodata", "cloud", "shadow"]
    mask: Annotated[int, Field(gt=0)]
    value: Annotated[int, Field(ge=0)]


class QualityPart(_Part):
    """A band of quality bits: a table ``[rasters.NAME.quality]``."""

    path: str | None = None
    band: int = 1
    rules: Annotated[list[RulePart], Field(min_length=1)]


class RasterPart(_Part):
    """A raster: a table ``[rasters.NAME]``; numbers are for all bands, in their order, or by their names."""

    path: str | None = None
    paths: dict[str, str] | None = None
    bands: Annotated[list[str], Field(min_length=1)] | None = None
    date: Annotated[str, BeforeValidator(_as_text)] = ""
    sensor: str = ""
    scale: Any = None
    offset: Any = None
    nodata: float | None = None
    crs: str | None = None
    quality: QualityPart | None = None


class TownFile(_Part):
    """The whole file."""

    town: TownPart
    layers: dict[str, LayerPart]
    rasters: dict[str, RasterPart] = Field(default_factory=dict)
    datums: dict[str, DatumPart] = Field(default_factory=dict)
    # What siting makes of it stands above the town.
    site_rules: dict[str, Any] = Field(default_factory=dict)
    # So does what scoring makes of this one.
    score: dict[str, Any] = Field(default_factory=dict)


def read_town_file(file: Path) -> TownFile:
    """Read ``town.toml``.

    Parameters
    ----------
    file
        The file.

    Returns
    -------
    TownFile
        What it says.

    Raises
    ------
    TownError
        If it cannot be read or says what it may not; every fault is named.
    """
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        return TownFile.model_validate(raw)
    except FileNotFoundError:
        found = [Finding("toml_missing", TOWN_FILE, values={"file": str(file)})]
    except OSError as reason:
        found = [Finding("toml_unreadable", TOWN_FILE, values={"reason": reason.strerror or str(reason)})]
    except UnicodeDecodeError:
        found = [Finding("toml_not_utf8", TOWN_FILE)]
    except tomllib.TOMLDecodeError as reason:
        found = [Finding("toml_broken", TOWN_FILE, values={"reason": str(reason)})]
    except ValidationError as reason:
        found = [_fault(dict(error)) for error in reason.errors()]
    raise TownError("town_faults", findings_table(found), count=len(found), name=file.parent.name)


def _fault(error: Mapping[str, Any]) -> Finding:
    codes = {"missing": "toml_key_missing", "extra_forbidden": "toml_key_unknown"}
    values = {
        "entry": ".".join(str(part) for part in error["loc"]),
        "found": str(error["input"])[:60],
        "reason": error["msg"],
        "known": ", ".join(_part(error["loc"]).model_fields),
    }
    code = codes.get(error["type"], "toml_value")
    return Finding(code, TOWN_FILE, column=str(error["loc"][-1]), values=values)


#: The table that stands under a key of the file, and under a key of such a table.
_PARTS: dict[str, type[_Part]] = {"layers": LayerPart, "rasters": RasterPart, "datums": DatumPart}
_INNER: dict[str, type[_Part]] = {"join": JoinPart, "quality": QualityPart, "rules": RulePart}


def _part(loc: tuple[str | int, ...]) -> type[_Part]:
    """Find the table that a fault stands in: the deepest of those that its place goes through."""
    if loc[0] == "town" and len(loc) > 1:
        return TownPart
    if loc[0] not in _PARTS or len(loc) < 3:
        return TownFile
    named = [name for name in loc[2:-1] if name in _INNER]
    return _INNER[str(named[-1])] if named else _PARTS[str(loc[0])]
