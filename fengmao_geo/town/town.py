"""The town: checked layers in one projected CRS, and what was found while checking."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from fengmao_geo.errors import TownError, UnknownNameError
from fengmao_geo.findings import Finding, findings_table
from fengmao_geo.geo.crs import parse_crs, to_town_crs, town_crs_fault, working_crs
from fengmao_geo.geo.repair import drop_missing, repair
from fengmao_geo.standards.load import facility_type_names
from fengmao_geo.standards.names import normalise
from fengmao_geo.tables import DWELLING_LAYERS, LAYERS, REQUIRED_LAYERS
from fengmao_geo.town.columns import clean_values, name_columns, set_ids
from fengmao_geo.town.people import people_findings

if TYPE_CHECKING:
    from pathlib import Path

    from fengmao_geo.geo.crs import Stated

__all__ = ["Layers", "Source", "Town", "TownSettings", "build_town"]
