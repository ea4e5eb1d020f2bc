"""Make the sample town 水乡镇: `python data/samples/make_shuixiang.py [--seed N] [--out DIR] [--truth DIR]`.

The same seed gives the same bytes; another seed gives another town of the same kind.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from shuixiang_maker import imagery, ledger, renewal, scene, tables, write  # noqa: E402  (this folder comes first)
from shuixiang_maker import town as town_parts  # noqa: E402

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

SEED = 20241231


class Truth(NamedTuple):
    """What the town's files do not say: its small spaces, and the green gained and lost."""

    spaces: gpd.GeoDataFrame
    green: pd.DataFrame


def make(folder: str | Path, *, seed: int = SEED) -> Truth:
    """Write the town of a seed into a folder; return what is true of it."""
    layers, spaces = tables.layers(town_parts.build(seed))
    layers |= renewal.layers(layers, seed)
    pictures = imagery.draw(scene.build(layers, seed), seed)
    layers |= {"projects": ledger.projects(layers)}
    write.town(Path(folder), layers)
    write.rasters(Path(folder), pictures)
    return Truth(spaces, pictures.truth)


def main() -> None:
    """Read the command line and write the town."""
    parser = argparse.ArgumentParser(description="Make the sample town.")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=HERE / "shuixiang")
    parser.add_argument("--truth", type=Path, help="a folder for what is true of the town")
    options = parser.parse_args()
    truth = make(options.out, seed=options.seed)
    if options.truth:
        write.truth(options.truth, *truth)


if __name__ == "__main__":
    main()
