"""What the daemon says of links, bridges and paths, and waiting until it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mininet_scenarios.command import until
from mininet_scenarios.rest import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mininet_scenarios.rest import Rest


def name(one: str, other: str) -> str:
    """What a link between two bridges is called: the shorter name first, as s2-s10."""
    first, second = sorted((one, other), key=lambda bridge: (len(bridge), bridge))
    return f"{first}-{second}"


def states(client: Rest) -> dict[str, str]:
    """Every wired link by its name: ``up`` or ``down``."""
    return {link["name"]: link["state"] for link in client.get("/links")["items"] if link["kind"] == "wire"}


def wait_up(client: Rest, pairs: Iterable[tuple[str, str]], seconds: float = 15) -> None:
    """Wait until the links between all these bridges are up, and no others are."""
    wanted = {name(*pair) for pair in pairs}
    until(
        lambda: {link for link, state in states(client).items() if state == "up"} == wanted,
        seconds,
        f"{len(wanted)} links are up",
        pause=0.05,
    )


def wait_state(client: Rest, link: str, state: str, seconds: float = 10) -> None:
    """Wait until a link is ``up`` or ``down``."""
    until(lambda: states(client).get(link) == state, seconds, f"{link} is {state}", pause=0.005)


def policy(client: Rest, tenant: str, path_policy: str) -> dict[str, Any]:
    """The status of a path policy."""
    status: dict[str, Any] = client.get(f"/projects/{tenant}/pathpolicies/{path_policy}")["status"]
    return status


def wait_path(client: Rest, tenant: str, path_policy: str, path: list[str], seconds: float = 10) -> dict[str, Any]:
    """Wait until a path policy says that its packets take these bridges, and is Ready; its status."""
    until(
        lambda: settled(policy(client, tenant, path_policy)) and policy(client, tenant, path_policy)["path"] == path,
        seconds,
        f"{path_policy} leads by {', '.join(path)}",
    )
    return policy(client, tenant, path_policy)


def wait_protected(client: Rest, tenant: str, path_policy: str, seconds: float = 20) -> None:
    """Wait until a path policy says that switches go round what fails by themselves, and in time."""
    until(
        lambda: condition(policy(client, tenant, path_policy), "Protected")["status"] is True,
        seconds,
        f"{path_policy} is protected",
    )


def condition(status: dict[str, Any], kind: str) -> dict[str, Any]:
    """One condition of a status, {"status": None} where there is none of that type."""
    return next((one for one in status["conditions"] if one["type"] == kind), {"status": None})


def settled(status: dict[str, Any]) -> bool:
    """Whether what has this status is Ready: the switches have acknowledged its flows."""
    return condition(status, "Ready")["status"] is True


def reasons(status: dict[str, Any]) -> dict[str, str]:
    """Why the conditions of a status are as they are, by type."""
    return {one["type"]: one.get("reason", "") for one in status["conditions"]}


def maintain(client: Rest, kind: str, what: str, *, on: bool) -> None:
    """Put a link or bridge (``links`` or ``bridges``) into maintenance, or take it out of it."""
    client.call("PUT", f"/{kind}/{what}", {"maintenance": on})


def drained(client: Rest, kind: str, what: str) -> bool:
    """Whether the daemon says that a link or bridge in maintenance may be taken away."""
    try:
        return bool(client.get(f"/{kind}/{what}")["status"]["drained"])
    except Refused:
        return False
