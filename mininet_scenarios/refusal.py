"""What the daemon refuses, told with the field that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mininet_scenarios.rest import Refused

if TYPE_CHECKING:
    from typing import Any

    from mininet_scenarios.rest import Rest
    from mininet_scenarios.story import Story


def prove_refused(story: Story, client: Rest, wrong: dict[str, tuple[str, dict[str, Any]]]) -> None:
    """Each resource, by what is wrong with it, is refused with an error at its pointer, like ``/spec/vlan``."""
    for what, (pointer, resource) in wrong.items():
        named = refusal(client, resource)
        story.check(f"{what} is refused", any(pointer in one for one in named), named or "it is not")


def refusal(client: Rest, resource: dict[str, Any]) -> list[str]:
    """Pointer and message of each error by which a resource is refused; empty if it is not."""
    try:
        client.call("POST", "/apply?dry_run=true", [resource])
    except Refused as refused:
        return [f"{error['pointer']}: {error['message']}" for error in refused.problem.get("errors", ())] or [
            str(refused)
        ]
    return []
