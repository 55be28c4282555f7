"""Download statistics of a package index."""
