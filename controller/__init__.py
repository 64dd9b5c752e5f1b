"""netloom's daemon: intent in, flows out, and every bridge kept exactly there."""
