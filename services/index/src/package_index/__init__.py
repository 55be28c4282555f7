"""A package index: a folder of wheels and sdists over the simple API."""
