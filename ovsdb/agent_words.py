"""What daemon and agent say to each other on the sessions that agents open."""

HELLO = "netloom_agent"
"""An agent's first request, with its host's name."""
CONNECTIONS = "netloom_connections"
"""A request to an agent for what its switch tracks: a number of ours, and a conntrack zone or null for all."""
LINES = "netloom_lines"
"""A notification of the agent before it replies: that number, and a block of whole lines."""
