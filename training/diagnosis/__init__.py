"""What is wrong with strange weights or printed numbers. It may import all but the command line."""
