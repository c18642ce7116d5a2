"""`python -m simplenet` is `simplenet`."""

from simplenet.cli import main

if __name__ == "__main__":
    main()
