"""What each alert looks for, by subject: pure functions of a state, the time and the thresholds."""
