"""Dagster sensors: thin shells here, their decisions as pure functions in modules of their own."""
