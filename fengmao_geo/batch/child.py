"""One town in a process of its own: what it costs, and what it breaks, ends with it.

``python -m fengmao_geo.batch.child TOWN`` reads its job as one line of JSON; it lives as long as the pipe
that the line came through, so that no town goes on alone when whoever asked for it is gone.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from fengmao_geo.batch.task import TOWNS, blank_record
from fengmao_geo.batch.towns import PHOTOS, BatchOptions, town_key
from fengmao_geo.errors import FengmaoError, TownError
from fengmao_geo.export.space_files import REVIEW
from fengmao_geo.town.town_file import read_town_file

if TYPE_CHECKING:
    import pandas as pd

    from fengmao_geo.results import Results

__all__ = ["main", "town_record"]

_STDIN = 0
_BLOCK_BYTES = 1 << 16
#: How a process ends that nobody waits for any more.
_ALONE = 3


def main() -> None:
    """Study one town and write its record."""
    job = json.loads(_first_line())
    Thread(target=_end_alone, daemon=True).start()
    record = town_record(job)
    Path(job["answer"]).write_text(json.dumps(record, allow_nan=False), encoding="utf-8")
    # Nothing is left to be tidied up that could still fail.
    os._exit(0)


def _first_line() -> bytes:
    found = b""
    while not found.endswith(b"\n") and (one := os.read(_STDIN, 1)):
        found += one
    return found


def _end_alone() -> None:
    while os.read(_STDIN, _BLOCK_BYTES):
        pass
    os._exit(_ALONE)


def town_record(job: dict[str, Any]) -> dict[str, Any]:
    """Study one town, write all that is handed in, and say what became of it.

    Parameters
    ----------
    job
        ``town_id``; ``town``, its file; ``out``, the folder of the batch; ``work``, the folder to write to;
        ``options``, those of `BatchOptions`; ``memory_gib``, what may be read at once.

    Returns
    -------
    dict
        ``town_id``, ``town_name``, ``key``, ``state``, ``reason`` and what it names, ``findings`` by
        severity, ``headline``, ``outline``, what the town states of itself, and ``files`` with their sizes.
    """
    record = blank_record(job)
    file, options = Path(job["town"]), BatchOptions(**job["options"])
    try:
        record["town_name"] = read_town_file(file).town.name
        record["key"] = town_key(file, options)
        return record | _done(job, file, options)
    except FengmaoError as fault:
        from fengmao_geo.export.batch_words import fault_words  # noqa: PLC0415  heavy

        found = _counts(fault.findings) if isinstance(fault, TownError) else {}
        told = {lang: fault_words(fault, lang=lang) for lang in ("zh", "en")}
        return record | {"reason": "faults", "reason_values": told, "findings": found}
    except MemoryError:
        return record | {"reason": "memory", "reason_values": {"limit_gib": job["memory_gib"]}}
    except OSError as fault:
        return record | {"reason": "files", "reason_values": {"cause": fault.strerror or str(fault)}}
    except Exception as fault:  # noqa: BLE001  whatever it is, the other towns go on
        cause = f"{type(fault).__name__}: {fault}"
        return record | {"reason": "broken", "reason_values": {"cause": cause}}


def _done(job: dict[str, Any], file: Path, options: BatchOptions) -> dict[str, Any]:
    from fengmao_geo.batch.headline import headline  # noqa: PLC0415  heavy
    from fengmao_geo.export.batch_map import town_outline  # noqa: PLC0415  heavy
    from fengmao_geo.export.handover import write_all  # noqa: PLC0415  heavy
    from fengmao_geo.export.run_record import data_date, input_hashes  # noqa: PLC0415  heavy
    from fengmao_geo.export.space_files import read_reviews  # noqa: PLC0415  heavy

    # Ids and decisions of an earlier batch in this folder are kept, as `fengmao run` keeps them.
    earlier = Path(job["out"]) / TOWNS / job["town_id"]
    review, photos = read_reviews([file.parent / REVIEW, earlier / REVIEW]), file.parent / PHOTOS
    results = _studied(job, file, options, review, earlier)
    write_all(
        results,
        folder=job["work"],
        lang=options.lang,
        review=review,
        maps={"photos": photos if photos.is_dir() else None},
        run={"inputs": input_hashes(file)},
    )
    settings = results.town.settings
    return {
        "state": "done",
        "findings": _counts(results.findings),
        "headline": headline(results),
        "outline": town_outline(results.town),
        "boundary": f"{settings.boundary_basis} {settings.boundary_year or ''}".strip(),
        "data_on": data_date(results.town),
        "notice": settings.notice,
        "files": file_sizes(Path(job["work"])),
    }


def _studied(
    job: dict[str, Any], file: Path, options: BatchOptions, review: pd.DataFrame | None, earlier: Path
) -> Results:
    from fengmao_geo.export.geopackage import read_spaces  # noqa: PLC0415  heavy
    from fengmao_geo.siting.rules import site_settings  # noqa: PLC0415  heavy
    from fengmao_geo.study import study  # noqa: PLC0415  heavy
    from fengmao_geo.town.read import read_town  # noqa: PLC0415  heavy

    town = read_town(file, memory_gib=job["memory_gib"])
    own = options.catalogue
    return study(
        town,
        catalogue=Path(own) if own.endswith(".toml") else own,
        walker=options.walker,
        review=review,
        previous=read_spaces(earlier / "spaces.gpkg", crs=town.crs),
        site=site_settings(town) if town.settings.site_rules else None,
    )


def _counts(findings: pd.DataFrame) -> dict[str, int]:
    return {str(name): int(count) for name, count in findings["severity"].value_counts().sort_index().items()}


def file_sizes(folder: Path) -> dict[str, int]:
    """List the files in a folder and in the folders of it.

    Parameters
    ----------
    folder
        The folder; one that is not there holds none.

    Returns
    -------
    dict
        The bytes of each file, by its place in the folder.

    Examples
    --------
    >>> file_sizes(Path("no_such_folder"))
    {}
    """
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    return {one.relative_to(folder).as_posix(): one.stat().st_size for one in files}


if __name__ == "__main__":
    main()
