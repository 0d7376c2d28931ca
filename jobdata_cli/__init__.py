"""The ``jobdata`` console program: one module per command group; everything heavy is imported inside a command."""
