"""The end that records: one writer thread for each journal, and everything that must not hold up a training."""
