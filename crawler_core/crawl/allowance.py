"""How many pages a keyword may cost today: what a crawl plan hands to the crawl of a keyword. Values only."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CUT_SHORT", "NOTHING_NEW", "PLANNED", "Allowance"]

PLANNED = "plan"
"""Stop reason of a search that used up its allowance."""

NOTHING_NEW = "nothing_new"
"""Stop reason of a search whose page brought nothing that was not known from earlier days."""

CUT_SHORT = frozenset({PLANNED, NOTHING_NEW})
"""Stop reasons after which a search is done for the day although its list may go on."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The pages of one keyword and day.

    Attributes:
        pages: at most so many, over all its cities and all crawls of the day; 0 asks nothing.
        sweep: crawl on although a page brings nothing new.
    """

    pages: int
    sweep: bool = False

    def __post_init__(self) -> None:
        if self.pages < 0:
            raise ValueError(f"an allowance of {self.pages} pages; give 0 or more")
