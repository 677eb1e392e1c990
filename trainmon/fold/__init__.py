"""The fold: from events to the state of a run, and what a state is made of. No clock, no files."""
