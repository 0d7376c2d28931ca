"""The daily tables: loading a day of landed pages, and the checks that say whether it is right."""
