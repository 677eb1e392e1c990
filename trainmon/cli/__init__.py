"""The commands of trainmon: one a file; the only place that prints."""
