"""What is known of bridges and the links between them, kept true, and the ways through them that follow from it."""
