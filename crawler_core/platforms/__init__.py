"""The recruiting platforms: one folder each, and here the list of them.

Adding a platform is adding its folder and one entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from crawler_core.errors import BadInput
from crawler_core.platforms.boss import SPEC as BOSS
from crawler_core.platforms.qcwy import SPEC as QCWY
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.platforms.zhilian import SPEC as ZHILIAN

__all__ = ["PLATFORMS", "platform"]

PLATFORMS: Mapping[str, PlatformSpec] = MappingProxyType({spec.name: spec for spec in (BOSS, QCWY, ZHILIAN)})
"""Every platform by its short name."""


def platform(name: str) -> PlatformSpec:
    """The platform of a short name.

    Raises:
        BadInput: there is none of that name; the message lists those there are.
    """
    try:
        return PLATFORMS[name]
    except KeyError:
        raise BadInput(f"platform {name!r} is not known; use one of {', '.join(PLATFORMS)}") from None
