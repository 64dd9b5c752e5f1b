"""What users ask for: documents become resources, contradictions are refused, what was left open is allocated."""
