"""Settings of a node; the supervisor gives them to it in the environment of its command."""

from __future__ import annotations

from pydantic import Field

from crawler_core.settings import EnvSettings

__all__ = ["NodeSettings"]


class NodeSettings(EnvSettings):
    """What the node program reads besides the settings of a crawl."""

    fleet_board: str = Field("", description="board a node works from; set by the fleet")
    fleet_artefact: str = Field("", description="sha256 of the artefact a node was started from; set by the fleet")
    fleet_lease_seconds: float = Field(
        60.0, gt=0, description="a node that is silent for this long loses its keywords to others"
    )
    fleet_idle_seconds: float = Field(120.0, ge=0, description="a node without work for this long ends")
    fleet_patience_seconds: float = Field(
        120.0, ge=0, description="a node whose address rests for longer than this gives its keyword to another"
    )
    fleet_metadata_url: str = Field(
        "", description="metadata service of a node, `http://100.100.100.200/latest` on ECS; set by the fleet"
    )
    fleet_node_role: str = Field(
        "", description="RAM role of the instances, from which a node takes short-lived bucket credentials"
    )
