"""What the screen looks at: plain values, and how charts look at them."""
