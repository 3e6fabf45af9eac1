"""How good a model is: bounds and their errors, accuracy, importance weights, disentanglement."""
