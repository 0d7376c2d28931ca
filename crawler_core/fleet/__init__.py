"""Crawling on many machines: works on a board in the landing zone, nodes that claim them, a fence around landing.

Knows nothing of what starts the machines; that is ``jobdata_resources.fleet``.
"""

from crawler_core.fleet.board import ROOT, Beat, Board, Claim
from crawler_core.fleet.fence import FencedZone, LeaseLost
from crawler_core.fleet.settings import NodeSettings
from crawler_core.fleet.work import Event, Standing, Work, works

__all__ = [
    "ROOT",
    "Beat",
    "Board",
    "Claim",
    "Event",
    "FencedZone",
    "LeaseLost",
    "NodeSettings",
    "Standing",
    "Work",
    "works",
]
