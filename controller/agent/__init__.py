"""The part of netloom that runs on each host as root: what only a host's own kernel can do for its networks."""
