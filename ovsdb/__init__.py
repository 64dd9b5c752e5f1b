"""The switches' databases and our own: what is asked for, what stands, and how the one becomes the other."""
