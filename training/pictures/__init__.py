"""Images of models as arrays and files: grids, styles, mixture components, analogies."""
