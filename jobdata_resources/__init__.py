"""Resources: typed configuration in, domain objects out. Databases, landing zone and crawler for everything above."""
