"""The crawl library: plan, sign, send, judge, land. Knows neither Dagster nor a database; runs on a bare node."""

__version__ = "0.1.0"
