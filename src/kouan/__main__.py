"""``python -m kouan`` is the command line."""

from kouan.cli import main

if __name__ == "__main__":
    main()
