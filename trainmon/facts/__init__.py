"""Facts: what a journal's lines hold, how they become bytes and text, and how any value is made fit for them."""
