"""Entry point of `python -m training`."""

from training.cli.app import main

if __name__ == "__main__":
    main()
