"""What all threads of a living program do: asked for, gathered and put into words."""
