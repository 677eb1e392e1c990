"""Between Textual and a real terminal: what it can show, and the one thread that writes to it."""
