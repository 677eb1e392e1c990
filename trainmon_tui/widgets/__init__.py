"""Panels: one a file, each draws the slice that it is handed."""
