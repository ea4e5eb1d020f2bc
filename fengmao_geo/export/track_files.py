"""Dated runs of one town to tables and pictures: what changed since the month, quarter and year before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fengmao_geo.blocks.tracking import Track, track_results
from fengmao_geo.errors import UsageError
from fengmao_geo.export.files import write_all_whole
from fengmao_geo.export.saved_run import read_results, read_run
from fengmao_geo.export.track_chart import indicator_chart, investment_chart, project_chart
from fengmao_geo.export.track_workbook import track_workbook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fengmao_geo.messages import Lang
    from fengmao_geo.results import Results

__all__ = ["TRACK_BOOK", "track_runs", "write_track_files"]

TRACK_BOOK = "track.xlsx"


def track_runs(runs: Sequence[str | Path]) -> Track:
    """Read saved runs of one town and put their indicators and projects side by side.

    Parameters
    ----------
    runs
        Folders of saved runs, in any order; each stands for its own date.

    Returns
    -------
    Track
        Tables by run; nothing is measured anew.

    Raises
    ------
    UsageError
        If there are no runs, one of them cannot be read or has no date, two have the same, or they are of
        different towns.
    OSError
        If a file cannot be read.
    """
    dated: dict[str, Results] = {}
    for folder in runs:
        on = read_run(folder).run_on
        if not on:
            raise UsageError("track_undated", path=str(folder))
        if on in dated:
            raise UsageError("track_dates", on=on)
        dated[on] = read_results(folder)
    return track_results(dated)


def write_track_files(track: Track, *, folder: str | Path, lang: Lang = "zh") -> list[Path]:
    """Write what was tracked as one workbook, and as pictures of small charts side by side.

    Parameters
    ----------
    track
        What `track_runs` gives.
    folder
        Where to write; made if it is not there.
    lang
        The language, ``zh`` or ``en``.

    Returns
    -------
    list of Path
        ``track.xlsx`` with a sheet each for the month, the quarters, the years and acceptance; then
        ``track_indicators.png``, ``track_investment.png`` and ``track_projects.png``, as far as there is
        something to draw.

    Raises
    ------
    OSError
        If the folder or a file cannot be written.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    drawn = {
        "track_indicators.png": indicator_chart(track, lang=lang),
        "track_investment.png": investment_chart(track, lang=lang),
        "track_projects.png": project_chart(track, lang=lang),
    }
    files = {TRACK_BOOK: track_workbook(track, lang=lang)}
    files |= {name: content for name, content in drawn.items() if content is not None}
    write_all_whole({target / name: content for name, content in files.items()})
    return [target / name for name in files]
