"""What feeds the screen: threads that follow run folders and read the host, and hand on the newest."""
