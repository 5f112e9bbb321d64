"""`python -m kittiwake`: the command of this Python, as the image `command` starts it."""

from kittiwake.cli.entry import main

if __name__ == "__main__":
    main()
