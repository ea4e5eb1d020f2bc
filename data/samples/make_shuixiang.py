"""Make the sample town 水乡镇: `python data/samples/make_shuixiang.py [--seed N] [--out DIR]`.

The same seed gives the same bytes; another seed gives another town of the same kind.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from shuixiang_maker import tables, write  # noqa: E402  (the folder beside this script comes first)
from shuixiang_maker import town as town_parts  # noqa: E402

SEED = 20241231


def make(folder: str | Path, *, seed: int = SEED) -> None:
    """Write the town of a seed into a folder."""
    write.town(Path(folder), tables.layers(town_parts.build(seed)))


def main() -> None:
    """Read the command line and write the town."""
    parser = argparse.ArgumentParser(description="Make the sample town.")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=HERE / "shuixiang")
    options = parser.parse_args()
    make(options.out, seed=options.seed)


if __name__ == "__main__":
    main()
