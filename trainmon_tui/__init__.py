"""The terminal monitor: a screen over the reader of `trainmon`."""
