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

__all__ = ["TOWN_FILE", "LayerPart", "QualityPart", "RasterPart", "RulePart", "TownFile", "TownPart"]
__all__ += ["read_town_file"]

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


class LayerPart(_Part):
    """A vector layer: a table ``[layers.NAME]``."""

    path: str
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    x: str | None = None
    y: str | None = None
    codes: Literal["sandiao", "gbt21010", "ydyh2023", "osm"] | None = None
    date: Annotated[str, BeforeValidator(_as_text)] | None = None
    fields: dict[str, str] = Field(default_factory=dict)


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
    # What siting makes of it stands above the town.
    site_rules: dict[str, Any] = Field(default_factory=dict)


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


def _part(loc: tuple[str | int, ...]) -> type[_Part]:
    """Find the table that a fault stands in."""
    match loc:
        case ("town", _):
            return TownPart
        case ("layers", _, *inner) if inner:
            return LayerPart
        case ("rasters", _, "quality", "rules", *inner) if inner:
            return RulePart
        case ("rasters", _, "quality", *inner) if inner:
            return QualityPart
        case ("rasters", _, *inner) if inner:
            return RasterPart
    return TownFile
