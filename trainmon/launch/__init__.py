"""`trainmon run`: a program that we start, wait for and tell about, whether it records or not."""
