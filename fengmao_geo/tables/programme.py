"""What is to be built where: the class that siting makes and the measuring of green takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fengmao_geo.messages import Lang, text
from fengmao_geo.schema import Column, Table
from fengmao_geo.tables.layers import GROUPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

__all__ = ["PROGRAMME_RESULTS", "SITES", "Programme"]

_SPACE, _USE = Column("space_id"), Column("use")
_RANK = Column("rank", "whole", minimum=1)
_TYPE, _GROUP = Column("facility_type"), Column("group", choices=GROUPS)
_COST = Column("cost_wan", "number", is_nullable=True, minimum=0)
_OBJECTIVE = Column("objective", "number", is_nullable=True, minimum=0)
_GAINED = Column("gained_people", "number", is_nullable=True, minimum=0)

SITES = Table(
    "sites",
    (
        _SPACE,
        Column("name"),
        _USE,
        Column("block_id", is_nullable=True),
        _RANK,
        _COST,
        Column("area_m2", "number", minimum=0),
        Column("green_m2", "number", is_nullable=True, minimum=0),
        # A programme drawn by hand says only what becomes what.
        Column("gained_people", "number", is_required=False, is_nullable=True, minimum=0),
    ),
    "polygon",
    keys=("space_id",),
)

PROGRAMME_RESULTS = (
    SITES,
    Table(
        "gained",
        (_SPACE, _USE, _TYPE, _GROUP, _GAINED),
        keys=("space_id", "facility_type", "group"),
    ),
    Table(
        "served",
        (
            Column("dwelling_id"),
            _TYPE,
            _SPACE,
            _GROUP,
            Column("travel_min", "number", minimum=0),
            Column("people", "number", minimum=0),
        ),
        keys=("dwelling_id", "facility_type", "space_id"),
    ),
    Table(
        "unserved",
        (
            Column("dwelling_id"),
            _TYPE,
            _GROUP,
            Column("people", "number", minimum=0),
            Column("is_coverable", "yes_no"),
        ),
        keys=("dwelling_id", "facility_type"),
    ),
    Table(
        "listed",
        (
            _SPACE,
            _USE,
            Column("reason", choices=("no_demand", "not_asked")),
            Column("area_m2", "number", minimum=0),
            Column("green_m2", "number", is_nullable=True, minimum=0),
            _COST,
        ),
        keys=("space_id", "use"),
    ),
    Table(
        "alternatives",
        (
            _RANK,
            _OBJECTIVE,
            _COST,
            Column("gap_share", "number", is_nullable=True, minimum=0),
            _SPACE,
            _USE,
        ),
        keys=("rank", "space_id"),
    ),
    Table("greedy", (_SPACE, _USE, _RANK, _COST, _OBJECTIVE), keys=("space_id",)),
)


@dataclass(frozen=True, repr=False, eq=False)
class Programme:
    """Which spaces become what, whom that serves, and how good it is; made by `choose_sites`, or by hand.

    Parameters
    ----------
    sites
        One row per space that is given a use, by rank: by what each gains after those before it. ``green_m2``
        is how much of it is planted; ``gained_people`` counts each person once, however many types.
    served
        Dwelling by type by site: who is newly served where. Nobody is served twice with the same type.
    gained
        Site by type by group: people newly served. The groups are among ``everyone``.
    unserved
        Dwelling by type: people who are still not served, and whether any option would serve them.
    listed
        Uses that fit and were not chosen from: without demand, or of types that nobody asks for.
    alternatives
        The next-best programmes, site by site: each leaves out a space at least of every better one; other
        uses of the same spaces are none.
    greedy
        The answer that always takes the best next site, and the objective up to each; empty where it misses
        what must be.
    aim
        What was asked for: ``people``, ``everyone`` or ``fairest``.
    objective
        What was reached: people newly served, weighted (type by type, with stated values); the cost in 10,000
        yuan; the worst walk in minutes, of those whom some option brings nearer. ``None`` if there is no
        answer, or if somebody stays beyond the largest circle.
    gap
        By how much a better programme might be better, as a share of this one; 0 is proven.
    status
        ``optimal``, ``within_gap``, ``time_limit``, ``infeasible``, ``not_found``, ``nothing_to_do``.
    reasons
        Why, where that needs a word: names in the group ``programme`` of ``messages.toml``, and their values.
    people_basis
        ``people``, or what stands for them where nobody was counted.
    findings
        What could not be used: the table ``findings``.
    """

    sites: gpd.GeoDataFrame
    served: pd.DataFrame | None = None
    gained: pd.DataFrame | None = None
    unserved: pd.DataFrame | None = None
    listed: pd.DataFrame | None = None
    alternatives: pd.DataFrame | None = None
    greedy: pd.DataFrame | None = None
    aim: str | None = None
    objective: float | None = None
    gap: float | None = None
    status: str | None = None
    reasons: tuple[tuple[str, Mapping[str, object]], ...] = ()
    people_basis: str | None = None
    findings: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        """Refuse tables that are not as declared."""
        for declared in PROGRAMME_RESULTS:
            given = getattr(self, declared.name)
            if given is not None:
                declared.check(given)

    def __repr__(self) -> str:
        status = f", {self.status}" if self.status else ""
        return f"<Programme: {len(self.sites)} sites, {self.sites['cost_wan'].sum():.0f} wan{status}>"

    def words(self, *, lang: Lang = "zh") -> str:
        """Say in words what was reached, how sure that is, and why if nothing was.

        Parameters
        ----------
        lang
            ``zh`` or ``en``.

        Returns
        -------
        str
            One line each.
        """
        cost = self.sites["cost_wan"].sum()
        lines = [text("programme.sites", lang=lang, count=len(self.sites), cost=cost)]
        if self.objective is not None:
            lines.append(text(f"programme.aim_{self.aim}", lang=lang, value=self.objective))
        if self.status is not None:
            gap = 0.0 if self.gap is None else self.gap
            lines.append(text(f"programme.status_{self.status}", lang=lang, gap=gap))
        lines += [text(f"programme.{code}", lang=lang, **values) for code, values in self.reasons]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        import pandas as pd  # noqa: PLC0415  tables are declared without loading it

        said = pd.DataFrame(self.words().splitlines()).to_html(index=False, header=False)
        return str(said + self.sites.drop(columns="geometry").to_html(index=False))
