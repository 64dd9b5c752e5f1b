"""From entities to the flows each bridge should hold, running again only what a change could have touched."""
