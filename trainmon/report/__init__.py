"""A run as one HTML page that can be mailed: no script, no network, every text escaped."""
