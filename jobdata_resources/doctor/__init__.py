"""Checks of every configured component and what to do; ``registry`` lists them. Imports nothing by itself."""
