"""Status: how far each resource has come, hop by hop, and what it waits for."""
