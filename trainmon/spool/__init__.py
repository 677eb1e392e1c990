"""The spool: shared memory that takes every log call's line at once, whatever the disk does."""
