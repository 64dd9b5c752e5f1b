"""``python -m controller`` is ``netloom``."""

from controller.cli import main

if __name__ == "__main__":
    main()
