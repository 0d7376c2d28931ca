"""The market over all platforms: the view, its questions, and which postings are one opening."""
