"""Clean-up: what is past its retention (``decide``, pure), and removing it (``clean``). Imports nothing by itself."""
