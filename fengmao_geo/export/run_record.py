"""What a saved run says of itself: town, dates, inputs, versions, parameters; and how long it took."""

from __future__ import annotations

import hashlib
import platform
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fengmao_geo.errors import UsageError
from fengmao_geo.export.files import write_whole
from fengmao_geo.town.dates import last_day, read_date
from fengmao_geo.town.town_file import TOWN_FILE, read_town_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fengmao_geo.results import Results
    from fengmao_geo.town.town import Town

__all__ = ["RUN_LOG", "Run", "Timings", "data_date", "input_hashes", "run_date", "run_of", "versions"]

RUN_LOG = "run.log"

#: What figures depend on.
_DEPENDENCIES = (
    *("geopandas", "networkx", "numpy", "pandas", "pyarrow"),
    *("pyogrio", "pyproj", "rasterio", "scipy", "shapely"),
)

# One file of these is several on the disk.
_SHAPEFILE = (".shp", ".tab")
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Run:
    """What a saved run says of itself.

    Parameters
    ----------
    town
        The town's name.
    run_on
        The date the run stands for, as ``2024-12-31``; empty if none is known.
    data_on
        The latest date of the town's layers and rasters; empty if none is stated.
    parameters
        What was asked for: catalogue, walker, minutes, rules of siting.
    inputs
        The sha256 of each file that was read, by its place in the town's folder.
    versions
        Of the library and of what its figures depend on.
    """

    town: str
    run_on: str = ""
    data_on: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


def run_of(
    results: Results,
    *,
    run_on: str | None = None,
    inputs: Mapping[str, str] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Run:
    """Say of results what their saved run says of itself.

    Parameters
    ----------
    results
        The results.
    run_on
        The date the run stands for; the latest date of the data if it is left out, never today.
    inputs
        The sha256 of the files, as `input_hashes` gives them.
    parameters
        What was asked for besides what the results tell.

    Returns
    -------
    Run
        What it says.

    Raises
    ------
    UsageError
        If ``run_on`` is no date.
    """
    day = run_date(run_on)
    data_on = data_date(results.town)
    asked: dict[str, Any] = {}
    if results.circles is not None:
        circles = results.circles
        asked["catalogue"], asked["walker"] = circles.catalogue.name, circles.walker.walker
        asked["minutes"] = list(circles.minutes)
    if rules := results.town.settings.site_rules:
        asked["site_rules"] = {name: _nameless(name, value) for name, value in sorted(rules.items())}
    return Run(
        town=results.town.name,
        run_on=day or data_on,
        data_on=data_on,
        parameters={**asked, **(parameters or {})},
        inputs=dict(sorted((inputs or {}).items())),
        versions=versions(),
    )


def run_date(run_on: str | None) -> str:
    """Read the date a run stands for.

    Parameters
    ----------
    run_on
        A whole date in any of the ways in which dates are read; none for no date.

    Returns
    -------
    str
        As ``2024-12-31``; empty for none.

    Raises
    ------
    UsageError
        If it is no whole date.

    Examples
    --------
    >>> run_date("2024.12.31"), run_date(None)
    ('2024-12-31', '')
    """
    day = "" if run_on is None else read_date(run_on)
    if day is None or (run_on is not None and len(day) < len("2024-12-31")):
        raise UsageError("run_on", value=run_on)
    return day


def _nameless(name: str, value: object) -> object:
    """Write of a file no more than its name, which is the same on every machine."""
    return Path(value).name if name.endswith("_file") and isinstance(value, str) else value


def versions() -> dict[str, str]:
    """Name the versions that figures depend on: of the library, of Python, of what both rest on.

    Returns
    -------
    dict
        Versions by name.

    Examples
    --------
    >>> "shapely" in versions()
    True
    """
    others = {name: version(name) for name in _DEPENDENCIES}
    # Of the package as it lies here, installed or not.
    own = import_module("fengmao_geo").__version__
    return {"fengmao_geo": own, "python": platform.python_version(), **others}


def data_date(town: Town) -> str:
    """Find the latest date of a town's layers and rasters.

    Parameters
    ----------
    town
        The town.

    Returns
    -------
    str
        As ``2024-12-31``; a year or a month alone stands for its last day. Empty if no date is stated.
    """
    stated = [*town.settings.dates.values(), *(raster.date for raster in town.rasters.values())]
    return max((last_day(day) for text in stated if (day := read_date(text))), default="")


def input_hashes(folder: str | Path) -> dict[str, str]:
    """Sum up every file that a town is read from.

    Parameters
    ----------
    folder
        The town's folder, or the ``town.toml`` in it.

    Returns
    -------
    dict
        The sha256 of each file, by its place in the folder; of a file elsewhere by its name alone. A file
        that is not there is left out.

    Raises
    ------
    TownError
        If ``town.toml`` cannot be read.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> from fengmao_geo.town.sample import sample_folder
    >>> [name for name in input_hashes(sample_folder()) if name.startswith("communities")]
    ['communities.dbf', 'communities.prj', 'communities.shp', 'communities.shx']
    """
    file = Path(folder) / TOWN_FILE if Path(folder).is_dir() else Path(folder)
    described = read_town_file(file)
    named = [part.path for part in described.layers.values()]
    named += [part.join.path for part in described.layers.values() if part.join is not None]
    for part in described.rasters.values():
        named += [path for path in (part.path, *(part.paths or {}).values()) if path is not None]
        named += [part.quality.path] if part.quality is not None and part.quality.path else []
    files = {one for path in named for one in _files_at(file.parent / path)}
    return {_place(one, file.parent): _sha256(one) for one in sorted({file, *files})}


def _files_at(path: Path) -> list[Path]:
    """List the files of which a layer is made: a geodatabase is a folder, a Shapefile has others beside."""
    if path.is_dir():
        return [one for one in path.rglob("*") if one.is_file()]
    if path.suffix.lower() in _SHAPEFILE:
        return [one for one in path.parent.glob(f"{_literal(path.stem)}.*") if one.is_file()]
    return [path] if path.is_file() else []


def _literal(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)


def _place(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


class Timings:
    """How long the steps of a run took; they stand in ``run.log``, since ``run.json`` is the same every time.

    Examples
    --------
    >>> timings = Timings()
    >>> with timings.step("life circles"):
    ...     pass
    >>> [name for name, seconds in timings.steps]
    ['life circles']
    """

    def __init__(self) -> None:
        self.steps: list[tuple[str, float]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Take the time of what is done within.

        Parameters
        ----------
        name
            What the step is called.

        Yields
        ------
        None
            Nothing; the step counts even where it fails.
        """
        began = time.perf_counter()
        try:
            yield
        finally:
            self.steps.append((name, time.perf_counter() - began))

    def write(self, folder: str | Path) -> Path:
        """Write ``run.log`` into a folder: one line per step with its name and its seconds.

        Parameters
        ----------
        folder
            The folder; it must be there.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        lines = [f"{name}\t{seconds:.2f}\n" for name, seconds in self.steps]
        return write_whole(Path(folder) / RUN_LOG, "".join(lines))
