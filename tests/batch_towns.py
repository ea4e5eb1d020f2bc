"""Very small towns for batches, and what makes the process of one go wrong."""

from __future__ import annotations

import shutil
from textwrap import dedent
from typing import TYPE_CHECKING

import numpy as np
import shapely
from town_layers import frame, good_layers, square

import fengmao_geo as fg

if TYPE_CHECKING:
    from pathlib import Path

#: In the process of a town: what a file in its folder tells to do. Read by Python as it starts.
MISCHIEF = dedent(
    """
    import os, signal, sys, time
    from pathlib import Path

    here = Path(__file__).parent


    class Trap:
        # Every town comes by here once its process is under way.
        def find_spec(self, name, path=None, target=None):
            if name == "fengmao_geo.batch.headline":
                if (town / "hang").exists():
                    time.sleep(600)
                if (town / "hang_once").exists() and not (here / "hung").exists():
                    (here / "hung").write_text(str(os.getppid()))
                    time.sleep(600)
            return None


    if "fengmao_geo.batch.child" in sys.orig_argv:
        town = Path(sys.orig_argv[-1]).parent
        with (here / "started").open("a") as file:
            file.write(f"{town.name}\\n")
        if (town / "kill_me").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        if (town / "eat_memory").exists():
            eaten = bytearray(int((town / "eat_memory").read_text() or 700) << 20)
            eaten[::4096] = b"x" * len(eaten[::4096])
            time.sleep(600)
        sys.meta_path.insert(0, Trap())
    """
)


def write_small_town(
    folder: Path, name: str, *, east_m: float = 0, people: float = 30, is_bare: bool = False
) -> Path:
    """Write a town of three buildings on a crossing, with one block, or bare; so far east of where the others are."""
    block = frame(
        [square(50, 50, 400)], id=["k1"], name=["南区"], block_no=[1], renewal_type=["street_block"]
    )
    layers = good_layers(**({"facilities": None} if is_bare else {"blocks": block}))
    layers["buildings"]["people"] = [10.0, people, 0.0]
    moved = {
        layer: table.assign(
            geometry=shapely.transform(table.geometry, lambda xy: xy + np.array([east_m, 0.0]))
        )
        for layer, table in layers.items()
    }
    fg.write_town(fg.Town.from_layers(name=name, **moved), folder=folder)
    return folder


def mischievous(folder: Path) -> Path:
    """Write what Python reads as it starts, and give its folder, for PYTHONPATH."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(MISCHIEF, encoding="utf-8")
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    """Read everything that a batch hands over: all but the journal, which tells times, and the lock."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name not in ("journal.jsonl", ".lock")}


def copy_town(source: Path, target: Path, *files: str) -> Path:
    """Copy a town, and put empty files beside it."""
    shutil.copytree(source, target)
    for name in files:
        (target / name).touch()
    return target
