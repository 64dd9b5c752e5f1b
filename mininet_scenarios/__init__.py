"""Stories told with real packets: each file is a topology, an intent and what must hold, and runs as a command."""
