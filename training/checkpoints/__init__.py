"""The one door for weights: reading, the quarantine for strangers' bytes, exports. It may import system and data."""
