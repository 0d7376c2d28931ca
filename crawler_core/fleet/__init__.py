"""Crawling on many machines: works on a board in the landing zone, nodes that claim them, a fence around landing.

Knows nothing of what starts the machines; that is ``jobdata_resources.fleet``. Imports nothing by itself: the settings
are read where no crawl runs.
"""
