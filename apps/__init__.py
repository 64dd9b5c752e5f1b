"""What happens to a packet: ``pipeline`` says in which order, every other module says one feature's flows."""
