"""Models on disk: their cards, the registry, publishing, maintenance, rows seen in training."""
