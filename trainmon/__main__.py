"""`python -m trainmon`: the same as the command `trainmon`."""

from trainmon.cli.main import main

if __name__ == "__main__":
    main()
