"""The Clinic's parts: files side by side, their diagnoses, what can be taken home."""
