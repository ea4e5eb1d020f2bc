"""Make the sample town 水乡镇: `python data/samples/make_shuixiang.py [--seed N] [--out DIR] [--truth FILE]`.

The same seed gives the same bytes; another seed gives another town of the same kind.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from shuixiang_maker import tables, write  # noqa: E402  (the folder beside this script comes first)
from shuixiang_maker import town as town_parts  # noqa: E402

if TYPE_CHECKING:
    import geopandas as gpd

SEED = 20241231


def make(folder: str | Path, *, seed: int = SEED) -> gpd.GeoDataFrame:
    """Write the town of a seed into a folder; return its true small spaces: id, kind, outline."""
    layers, truth = tables.layers(town_parts.build(seed))
    write.town(Path(folder), layers)
    return truth


def main() -> None:
    """Read the command line and write the town."""
    parser = argparse.ArgumentParser(description="Make the sample town.")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=HERE / "shuixiang")
    parser.add_argument("--truth", type=Path, help="a GeoPackage for the true small spaces")
    options = parser.parse_args()
    truth = make(options.out, seed=options.seed)
    if options.truth:
        write.truth(options.truth, truth)


if __name__ == "__main__":
    main()
