"""The topology: what is connected to what, as a networkx graph."""
