"""``python -m crawler_core``."""

from crawler_core.cli import main

if __name__ == "__main__":
    main()
