"""Kubernetes' policy documents, read as they stand: a project is their namespace, a port their pod."""
