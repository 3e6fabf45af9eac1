"""Numbers of models: measuring, tables, the ladder of bounds, importance weights, the rate-distortion plane."""
