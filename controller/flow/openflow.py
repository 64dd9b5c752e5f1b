"""Numbers of OpenFlow 1.5.1 (7.2.6, 7.2.7, 7.2.8) and of Open vSwitch's extensions to it (its lib/ofp-actions.c)."""

GOTO_TABLE, APPLY_ACTIONS = 1, 4
"""Instructions."""
OUTPUT, PUSH_VLAN, POP_VLAN, GROUP, DEC_TTL, SET_FIELD, COPY_FIELD, METER = 0, 17, 18, 22, 24, 25, 28, 29
EXPERIMENTER = 0xFFFF
"""Actions."""
NICIRA = 0x00002320
"""The experimenter whose actions are Open vSwitch's own, which are numbered as follows."""
MULTIPATH, RESUBMIT_TABLE, OUTPUT_REG, CONJUNCTION, CT, NAT, CONTROLLER2 = 10, 14, 15, 34, 35, 36, 37
CLONE, ENCAP, DECAP, DEC_NSH_TTL, CHECK_LARGER = 42, 46, 47, 48, 49

SHORTEST = 8
"""Bytes of the shortest instruction and of the shortest action."""
SHORTEST_NICIRA = 16
SHORTEST_COPY = 20
