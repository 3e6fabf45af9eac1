"""What everything stands on: errors, files, folders, the device, background jobs. It imports nothing above."""
