"""What a visitor chooses or uploads: models, files, digits, the drawing pad. It may import kit and draw."""
