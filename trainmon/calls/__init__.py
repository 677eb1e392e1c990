"""What a training script calls, and what is recorded without being asked for."""
