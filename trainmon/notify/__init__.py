"""Reaching people who do not look: what is news, what was told already, and how it is sent."""
