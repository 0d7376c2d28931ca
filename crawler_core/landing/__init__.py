"""The landing zone: immutable compressed segments of fetched pages, and the manifests that commit them."""

from crawler_core.landing.envelope import COMPANY_KIND, Envelope, RequestRecord, decode_line, encode_line, text_body
from crawler_core.landing.manifest import CityProgress, Manifest, SegmentEntry, SegmentRef, State
from crawler_core.landing.memory import KeywordMemory
from crawler_core.landing.verify import Problem, verify
from crawler_core.landing.writer import KeywordLanding, OpenSegment, land_pages, read_segment
from crawler_core.landing.zone import LandingZone

__all__ = [
    "COMPANY_KIND",
    "CityProgress",
    "Envelope",
    "KeywordLanding",
    "KeywordMemory",
    "LandingZone",
    "Manifest",
    "OpenSegment",
    "Problem",
    "RequestRecord",
    "SegmentEntry",
    "SegmentRef",
    "State",
    "decode_line",
    "encode_line",
    "land_pages",
    "read_segment",
    "text_body",
    "verify",
]
