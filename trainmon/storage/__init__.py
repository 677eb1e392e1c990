"""The files of a run folder as whoever records writes them: journal, snapshot, text logs, and their repair."""
