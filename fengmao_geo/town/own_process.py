"""What a process of our own starts with, so that no file leads it to other files or the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

__all__ = ["shut_in"]

# Drivers that follow what a file names, to other files or to the network, are never loaded.
_SKIPPED_DRIVERS = "OGR_VRT,VRT,WMS,WFS,WMTS,WCS,HTTP,OAPIF,ODS,PLSCENES,NGW,CARTO,AMIGOCLOUD"


def shut_in(environment: MutableMapping[str, str]) -> None:
    """Change the environment of a process before GDAL and PROJ are loaded in it.

    Parameters
    ----------
    environment
        Its variables; what the user says of GDAL's drivers stays.

    Examples
    --------
    >>> variables = {"PROJ_LIB": "elsewhere"}
    >>> shut_in(variables)
    >>> "HTTP" in variables["GDAL_SKIP"].split(","), "PROJ_LIB" in variables
    (True, False)
    """
    environment.setdefault("GDAL_SKIP", _SKIPPED_DRIVERS)
    # QGIS and PostGIS set these to a database of their own, which rasterio cannot read.
    environment.pop("PROJ_LIB", None)
    environment.pop("PROJ_DATA", None)
