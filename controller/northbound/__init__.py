"""What orchestration tools and people talk to: resources over HTTP, events as they happen, and who may do what."""
