"""Files of keywords, tokens and proxies: read as a whole, all problems collected, each with its place."""

from jobdata_resources.control.files.keyword_file import read_keyword_file
from jobdata_resources.control.files.proxy_file import read_proxy_file
from jobdata_resources.control.files.token_file import read_token_file

__all__ = ["read_keyword_file", "read_proxy_file", "read_token_file"]
