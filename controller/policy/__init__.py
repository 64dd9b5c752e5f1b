"""Policy: who may talk to whom, as values; what that comes to is derived by ``apps`` and judged here."""
