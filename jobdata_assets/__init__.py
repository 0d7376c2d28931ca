"""Assets, partitions, checks and jobs. Nothing is imported here: an import would close a cycle with the sensors."""
