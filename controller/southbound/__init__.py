"""OpenFlow sessions: the framework behind one door, messages as bytes, each bridge as a table of states."""
