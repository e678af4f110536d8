"""What `train` does beyond one training: recipes and experiments."""
