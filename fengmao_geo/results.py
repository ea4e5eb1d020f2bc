"""The town and every table computed from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fengmao_geo.findings import join_findings

if TYPE_CHECKING:
    import pandas as pd

    from fengmao_geo.life_circle.circles import LifeCircles
    from fengmao_geo.network.walk_network import WalkNetwork
    from fengmao_geo.town.town import Town

__all__ = ["Results"]


@dataclass(frozen=True)
class Results:
    """What is handed to indicators and exporters; a step that was not run is ``None``.

    Parameters
    ----------
    town
        The town the results are of.
    network
        Its walk network.
    circles
        Its life circles.
    """

    town: Town
    network: WalkNetwork | None = None
    circles: LifeCircles | None = None

    @property
    def findings(self) -> pd.DataFrame:
        """Everything found on the way to the results, the worst first: the table ``findings``."""
        tables = [self.town.findings]
        if self.network is not None:
            tables.append(self.network.audit)
        if self.circles is not None:
            tables.append(self.circles.findings)
        return join_findings(tables)
