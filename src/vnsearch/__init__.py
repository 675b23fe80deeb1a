"""Full-text search for Vietnamese."""

__version__ = "0.1.0"
