"""Every story, told from its command line as a user tells it, on a lab of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system
ROOT = Path(__file__).parents[2]
RYU = Path(os.environ.get("NETLOOM_RYU_PYTHON", ROOT / ".venv-ryu/bin/python"))
STORIES = (
    ("two_hosts",),
    ("overlapping_tenants",),
    ("migration",),
    ("controller_restart",),
    ("switch_restart",),
    ("plain_mininet",),
    ("demo",),
    ("drift",),
    ("storm", "--seconds", "30", "--cut", "3"),
    ("five_modes",),
    ("nat_and_forwarding",),
    ("floating_ip",),
    ("two_routers_ecmp",),
    ("gateway_failover",),
    ("dhcp_lifecycle",),
    ("ipv6_slaac",),
    ("vlan_bridged",),
    ("jumbo_and_mtu",),
    ("three_tier_app",),
    ("quarantine",),
    ("cut_established",),
    ("preview_then_apply",),
    ("audit_then_enforce",),
    ("k8s_policies",),
    ("leaf_spine",),
    ("fat_tree_k4",),
    ("steer_by_latency",),
    ("waypoint",),
    ("service_chain",),
    ("drain_a_switch",),
    ("lldp_attacks",),
    ("mixed_overlay_and_fabric",),
)
MEASURING = pytest.param(("ring_failover",), marks=pytest.mark.alone)


@pytest.mark.parametrize("story", [*STORIES, MEASURING], ids=lambda story: story[0])
def test_the_story_holds(story: tuple[str, ...]) -> None:
    tell(sys.executable, *story)


@pytest.mark.parametrize("story", ["two_hosts", "dhcp_lifecycle", "waypoint"])
def test_the_story_holds_on_ryu(story: str) -> None:
    assert RYU.exists(), f"{RYU} is missing: make venv-ryu"
    tell(str(RYU), story, "--framework", "ryu")


def tell(python: str, story: str, *arguments: str) -> None:
    command = [python, "-m", f"mininet_scenarios.{story}", *arguments]
    told = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300)
    assert told.returncode == 0, f"{told.stdout}\n{told.stderr}"
