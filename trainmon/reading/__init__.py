"""The end that watches: a run folder read from any process and any host, and never written to."""
