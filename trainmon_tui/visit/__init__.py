"""What a viewer keeps of its looks: what was seen, acknowledged, set, and missed."""
