"""What ships with the app: cards, README tables, pretraining, first pictures."""
