"""GIS for characteristic-townscape towns: from a town's layers to life circles, spaces and green gains."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

# Not lazily: once its module of the same name is loaded, the module would be found in its place.
from fengmao_geo.study import study

if TYPE_CHECKING:
    from fengmao_geo.batch.run import run_batch as run_batch
    from fengmao_geo.batch.split import SplitTowns as SplitTowns
    from fengmao_geo.batch.split import split_towns as split_towns
    from fengmao_geo.batch.towns import BatchOptions as BatchOptions
    from fengmao_geo.blocks.block_scores import block_scores as block_scores
    from fengmao_geo.blocks.indicators import block_indicators as block_indicators
    from fengmao_geo.blocks.matrix import block_matrix as block_matrix
    from fengmao_geo.blocks.progress import project_progress as project_progress
    from fengmao_geo.blocks.proposal_words import translate_proposals as translate_proposals
    from fengmao_geo.blocks.propose import propose_blocks as propose_blocks
    from fengmao_geo.blocks.red_lines import red_lines as red_lines
    from fengmao_geo.blocks.score_rules import ScoreRules as ScoreRules
    from fengmao_geo.blocks.score_rules import score_settings as score_settings
    from fengmao_geo.blocks.scorecard import score_changes as score_changes
    from fengmao_geo.blocks.scorecard import scorecard as scorecard
    from fengmao_geo.errors import FengmaoError as FengmaoError
    from fengmao_geo.errors import NetworkError as NetworkError
    from fengmao_geo.errors import StandardError as StandardError
    from fengmao_geo.errors import TableError as TableError
    from fengmao_geo.errors import TownError as TownError
    from fengmao_geo.errors import UnknownNameError as UnknownNameError
    from fengmao_geo.errors import UsageError as UsageError
    from fengmao_geo.export.batch_files import write_batch_summary as write_batch_summary
    from fengmao_geo.export.finding_files import write_finding_files as write_finding_files
    from fengmao_geo.export.folium_map import MapPage as MapPage
    from fengmao_geo.export.folium_map import explore as explore
    from fengmao_geo.export.folium_map import write_block_maps as write_block_maps
    from fengmao_geo.export.green_files import write_green_files as write_green_files
    from fengmao_geo.export.layer_file import write_layer as write_layer
    from fengmao_geo.export.report import write_report as write_report
    from fengmao_geo.export.saved_run import read_results as read_results
    from fengmao_geo.export.saved_run import write_results as write_results
    from fengmao_geo.export.site_files import write_site_files as write_site_files
    from fengmao_geo.export.town_folder import write_town as write_town
    from fengmao_geo.export.town_geopackage import write_geopackage as write_geopackage
    from fengmao_geo.export.track_files import track_runs as track_runs
    from fengmao_geo.export.track_files import write_track_files as write_track_files
    from fengmao_geo.export.workbook import write_workbook as write_workbook
    from fengmao_geo.findings import translate_findings as translate_findings
    from fengmao_geo.green.gain import GreenGains as GreenGains
    from fengmao_geo.green.gain import green_gains as green_gains
    from fengmao_geo.life_circle.capacity import supply_ratio as supply_ratio
    from fengmao_geo.life_circle.circles import LifeCircles as LifeCircles
    from fengmao_geo.life_circle.circles import life_circles as life_circles
    from fengmao_geo.life_circle.compare import compare as compare
    from fengmao_geo.life_circle.compare import dwelling_changes as dwelling_changes
    from fengmao_geo.life_circle.links import best_links as best_links
    from fengmao_geo.life_circle.school_routes import SchoolRoutes as SchoolRoutes
    from fengmao_geo.life_circle.school_routes import school_routes as school_routes
    from fengmao_geo.network.attach import Attachments as Attachments
    from fengmao_geo.network.attach import attach as attach
    from fengmao_geo.network.attach import carry as carry
    from fengmao_geo.network.build import walk_network as walk_network
    from fengmao_geo.network.gates import open_gates as open_gates
    from fengmao_geo.network.scenario import with_links as with_links
    from fengmao_geo.network.scenario import without_links as without_links
    from fengmao_geo.network.service_area import service_areas as service_areas
    from fengmao_geo.network.travel import travel_times as travel_times
    from fengmao_geo.network.walk_network import WalkNetwork as WalkNetwork
    from fengmao_geo.results import Results as Results
    from fengmao_geo.siting.choose import choose_sites as choose_sites
    from fengmao_geo.siting.options import possible_uses as possible_uses
    from fengmao_geo.siting.planned import planned_facilities as planned_facilities
    from fengmao_geo.siting.rules import SiteBound as SiteBound
    from fengmao_geo.siting.rules import SiteRules as SiteRules
    from fengmao_geo.siting.rules import SiteSettings as SiteSettings
    from fengmao_geo.siting.rules import site_settings as site_settings
    from fengmao_geo.spaces.candidates import SpaceSurvey as SpaceSurvey
    from fengmao_geo.spaces.candidates import find_spaces as find_spaces
    from fengmao_geo.spaces.candidates import survey_spaces as survey_spaces
    from fengmao_geo.spaces.open_land import open_land as open_land
    from fengmao_geo.spaces.yields import yield_per_mu as yield_per_mu
    from fengmao_geo.standards.records import Walker as Walker
    from fengmao_geo.tables.programme import Programme as Programme
    from fengmao_geo.town.change import with_facilities as with_facilities
    from fengmao_geo.town.draft import Draft as Draft
    from fengmao_geo.town.draft import draft_town as draft_town
    from fengmao_geo.town.osm import download_osm as download_osm
    from fengmao_geo.town.osm import read_osm as read_osm
    from fengmao_geo.town.read import read_town as read_town
    from fengmao_geo.town.sample import sample_town as sample_town
    from fengmao_geo.town.town import Town as Town
    from fengmao_geo.town.town import TownSettings as TownSettings

__version__ = "0.1.0"

_HOME = {
    "Attachments": "network.attach",
    "BatchOptions": "batch.towns",
    "Draft": "town.draft",
    "FengmaoError": "errors",
    "GreenGains": "green.gain",
    "LifeCircles": "life_circle.circles",
    "MapPage": "export.folium_map",
    "NetworkError": "errors",
    "Programme": "tables.programme",
    "Results": "results",
    "SchoolRoutes": "life_circle.school_routes",
    "SiteBound": "siting.rules",
    "SiteRules": "siting.rules",
    "SiteSettings": "siting.rules",
    "SpaceSurvey": "spaces.candidates",
    "SplitTowns": "batch.split",
    "StandardError": "errors",
    "TableError": "errors",
    "Town": "town.town",
    "TownError": "errors",
    "TownSettings": "town.town",
    "UnknownNameError": "errors",
    "UsageError": "errors",
    "WalkNetwork": "network.walk_network",
    "Walker": "standards.records",
    "attach": "network.attach",
    "choose_sites": "siting.choose",
    "best_links": "life_circle.links",
    "carry": "network.attach",
    "compare": "life_circle.compare",
    "draft_town": "town.draft",
    "dwelling_changes": "life_circle.compare",
    "download_osm": "town.osm",
    "explore": "export.folium_map",
    "find_spaces": "spaces.candidates",
    "green_gains": "green.gain",
    "life_circles": "life_circle.circles",
    "open_gates": "network.gates",
    "open_land": "spaces.open_land",
    "planned_facilities": "siting.planned",
    "possible_uses": "siting.options",
    "project_progress": "blocks.progress",
    "read_osm": "town.osm",
    "read_results": "export.saved_run",
    "read_town": "town.read",
    "run_batch": "batch.run",
    "sample_town": "town.sample",
    "school_routes": "life_circle.school_routes",
    "site_settings": "siting.rules",
    "split_towns": "batch.split",
    "service_areas": "network.service_area",
    "supply_ratio": "life_circle.capacity",
    "survey_spaces": "spaces.candidates",
    "track_runs": "export.track_files",
    "translate_findings": "findings",
    "travel_times": "network.travel",
    "walk_network": "network.build",
    "with_facilities": "town.change",
    "with_links": "network.scenario",
    "without_links": "network.scenario",
    "write_batch_summary": "export.batch_files",
    "write_block_maps": "export.folium_map",
    "write_finding_files": "export.finding_files",
    "write_geopackage": "export.town_geopackage",
    "write_green_files": "export.green_files",
    "write_layer": "export.layer_file",
    "write_report": "export.report",
    "write_results": "export.saved_run",
    "write_site_files": "export.site_files",
    "write_track_files": "export.track_files",
    "write_town": "export.town_folder",
    "write_workbook": "export.workbook",
    "yield_per_mu": "spaces.yields",
    "ScoreRules": "blocks.score_rules",
    "block_indicators": "blocks.indicators",
    "block_matrix": "blocks.matrix",
    "block_scores": "blocks.block_scores",
    "propose_blocks": "blocks.propose",
    "red_lines": "blocks.red_lines",
    "score_changes": "blocks.scorecard",
    "score_settings": "blocks.score_rules",
    "scorecard": "blocks.scorecard",
    "translate_proposals": "blocks.proposal_words",
}

__all__ = [
    "Attachments",
    "BatchOptions",
    "Draft",
    "FengmaoError",
    "GreenGains",
    "LifeCircles",
    "MapPage",
    "NetworkError",
    "Programme",
    "Results",
    "SchoolRoutes",
    "ScoreRules",
    "SiteBound",
    "SiteRules",
    "SiteSettings",
    "SpaceSurvey",
    "SplitTowns",
    "StandardError",
    "TableError",
    "Town",
    "TownError",
    "TownSettings",
    "UnknownNameError",
    "UsageError",
    "WalkNetwork",
    "Walker",
    "attach",
    "best_links",
    "block_indicators",
    "block_matrix",
    "block_scores",
    "carry",
    "choose_sites",
    "compare",
    "download_osm",
    "draft_town",
    "dwelling_changes",
    "explore",
    "find_spaces",
    "green_gains",
    "life_circles",
    "open_gates",
    "open_land",
    "planned_facilities",
    "possible_uses",
    "project_progress",
    "propose_blocks",
    "read_osm",
    "read_results",
    "read_town",
    "red_lines",
    "run_batch",
    "sample_town",
    "school_routes",
    "score_changes",
    "score_settings",
    "scorecard",
    "service_areas",
    "site_settings",
    "split_towns",
    "study",
    "supply_ratio",
    "survey_spaces",
    "track_runs",
    "translate_findings",
    "translate_proposals",
    "travel_times",
    "walk_network",
    "with_facilities",
    "with_links",
    "without_links",
    "write_batch_summary",
    "write_block_maps",
    "write_finding_files",
    "write_geopackage",
    "write_green_files",
    "write_layer",
    "write_report",
    "write_results",
    "write_site_files",
    "write_track_files",
    "write_workbook",
    "yield_per_mu",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return [*__all__, "__version__"]
