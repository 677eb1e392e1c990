"""What a state means at a time: speed and time left, alerts, causes of an end. Pure functions; nothing is stored."""
