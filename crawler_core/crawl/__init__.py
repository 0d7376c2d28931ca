"""Crawling keywords and companies: fetch, judge, land, act; resumable at every page."""

from crawler_core.crawl.allowance import CUT_SHORT, Allowance
from crawler_core.crawl.company import crawl_companies, crawl_companies_async
from crawler_core.crawl.company_read import CompanyRecord, landed_companies, read_company
from crawler_core.crawl.company_report import CompanyCrawlReport, CompanyResult
from crawler_core.crawl.crew import crawl, crawl_async
from crawler_core.crawl.report import CheckpointUpdate, CrawlReport, KeywordReport

__all__ = [
    "CUT_SHORT",
    "Allowance",
    "CheckpointUpdate",
    "CompanyCrawlReport",
    "CompanyRecord",
    "CompanyResult",
    "CrawlReport",
    "KeywordReport",
    "crawl",
    "crawl_async",
    "crawl_companies",
    "crawl_companies_async",
    "landed_companies",
    "read_company",
]
