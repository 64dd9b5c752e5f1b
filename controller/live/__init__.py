"""What lives: connections that switches track, what policy decides of them as they happen, and what follows from it."""
