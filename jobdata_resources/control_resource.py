"""The control store as a Dagster resource."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from crawler_core.settings import load
from jobdata_resources.control import ControlStore
from jobdata_resources.settings import StoreSettings

__all__ = ["ControlResource"]


class ControlResource(dg.ConfigurableResource["ControlResource"]):
    """Hands out the control store of ``CONTROL_DB_URL``; it has no fields, so no password can get into a config."""

    @contextmanager
    def open(self) -> Iterator[ControlStore]:
        """The store, closed at the end of the block.

        Raises:
            BadSetting: ``CONTROL_DB_URL`` is malformed.
            ControlStoreError: raised by its methods; names the server and the remedy, never the password.
        """
        with ControlStore(load(StoreSettings).control_db_url) as store:
            yield store
