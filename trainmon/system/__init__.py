"""Readings of the machine: one subject a file, NVML in one file."""
