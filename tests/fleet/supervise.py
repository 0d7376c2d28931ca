"""A supervising process, to be killed: ``python -m tests.fleet.supervise BOARD WORD…``."""

from __future__ import annotations

import os
import sys

from pydantic import SecretStr

from crawler_core.fleet.work import works
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone
from crawler_core.platforms import platform
from crawler_core.tokens import ListTokenSource
from crawler_core.values import Query, Token
from jobdata_resources.fleet.fleet import Fleet
from jobdata_resources.fleet.supervisor import Listener
from tests.fleet.ground import PLATFORMS
from tests.fleet.nodes import today


def main() -> None:
    board, words = sys.argv[1], sys.argv[2:]
    pairs = [entry.split(":") for entry in os.environ["TEST_TOKENS"].split(",")]
    tokens = ListTokenSource(Token(mpt=SecretStr(mpt), wt2=SecretStr(wt2)) for mpt, wt2 in pairs)
    fleet = Fleet(LandingZone.from_url(os.environ["LANDING_URL"]))
    queries = [Query(name, Keyword.parse(word), platform(name).nationwide) for word in words for name in PLATFORMS]
    listener = Listener(
        keyword=lambda _report, _node: None,
        checkpoint=lambda _update: None,
        line=lambda line: print(line, flush=True),
        look=lambda _look: None,
    )
    hands = fleet.hands(tokens=tokens, token_count=len(pairs))
    result = fleet.supervise(board, works(queries, today()), hands, listener)
    sys.exit(1 if result.stop_reason else 0)


if __name__ == "__main__":
    main()
