"""The pages' shared kit: the frame, pictures, charts, formulas, pickers and the way to background work."""
