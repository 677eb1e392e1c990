"""Drawing: numbers in, rows of cells out; no app, no files, no clock."""
