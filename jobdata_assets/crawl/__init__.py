"""Crawling: the landed pages of a keyword and day, how a run gets them, and how many pages it may cost."""
