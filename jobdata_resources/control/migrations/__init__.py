"""Alembic environment of the control database; run by ``jobdata_resources.control.migrate``."""
