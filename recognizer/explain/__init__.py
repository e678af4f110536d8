"""Why this digit: activations of the LiteRT graph, the arithmetic of one value, occlusion."""
