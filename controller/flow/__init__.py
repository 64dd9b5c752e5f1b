"""Flows as values: fields, actions, the flow itself, and its two forms (OpenFlow bytes and ovs-ofctl text)."""
