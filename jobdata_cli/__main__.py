"""``python -m jobdata_cli``."""

from jobdata_cli.app import main

if __name__ == "__main__":
    main()
