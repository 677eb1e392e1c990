"""Screens: which panels stand where at which size."""
