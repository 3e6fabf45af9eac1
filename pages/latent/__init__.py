"""A latent space to look at: the pad, the map, walks, one digit, reconstructions."""
