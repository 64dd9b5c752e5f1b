"""The steps that a plan asks for lead to a kernel that needs none, and back to where it was when duties go."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agent import kernel as k
from controller.agent import netfilter
from controller.agent.duties import Duty, Forward, duty
from controller.agent.plan import knobs, plan

LINK = Duty("nl-host", ("169.254.64.1/18", "fd6e:6574:6c6f::1/64"), link=True)
OWN = Duty("nlh0123456789", ("10.77.0.1/24", "fd77::1/64"))
TWIN = replace(OWN, interface="nlhaaaaaaaaaa")
FORWARDS = (Forward("tcp", 8080, 8080, "169.254.64.7"), Forward("udp", 5000, 5010, "fd6e:6574:6c6f::7"))
DEVICES = {name: k.Device(name, up=False) for name in ("nl-host", "nlh0123456789", "nlhaaaaaaaaaa")}
KNOBS = {k.IP_FORWARD: "0", k.IPV6_FORWARDING: "0"} | {knob: "1" for name in DEVICES for knob in knobs(name)}
UPLINK = (k.Route("192.0.2.0/24", "eth0"), k.Route("0.0.0.0/0", "eth0"), k.Route("::/0", "eth0", advertised=True))
FRESH = k.Kernel(DEVICES, UPLINK, KNOBS | {"net/ipv6/conf/eth0/accept_ra": "1"})


def after(kernel: k.Kernel, *duties: Duty) -> k.Kernel:
    """The kernel when every step was taken, in order."""
    for step in plan(duties, kernel).steps:
        kernel = taken(kernel, step)
    return kernel


def taken(kernel: k.Kernel, step: k.Step) -> k.Kernel:
    devices = dict(kernel.devices)
    match step:
        case k.Turn(knob=knob, value=value):
            assert knob in kernel.knobs
            return replace(kernel, knobs={**kernel.knobs, knob: value})
        case k.WriteTable(document=document):
            return replace(kernel, table=written(document))
        case k.DropTable():
            return replace(kernel, table=None)
        case k.BringUp(device=name):
            devices[name] = replace(devices[name], up=True)
        case k.AddAddress(device=name, address=address):
            assert address not in devices[name].addresses
            devices[name] = replace(devices[name], addresses=devices[name].addresses | {address})
        case k.DropAddress(device=name, address=address):
            assert address in devices[name].addresses
            devices[name] = replace(devices[name], addresses=devices[name].addresses - {address})
    return replace(kernel, devices=devices)


def written(document: str) -> k.Table:
    """As nft would list what it was given."""
    added = [command["add"] for command in json.loads(document)["nftables"] if "add" in command]
    return netfilter.table(json.dumps({"nftables": added}))


@given(
    st.lists(
        st.lists(
            st.sampled_from(
                [LINK, replace(LINK, forwards=FORWARDS), OWN, TWIN, replace(OWN, addresses=("10.9.0.1/8",))]
            ),
            unique_by=lambda duty: duty.interface,
        ),
        max_size=4,
    )
)
def test_whatever_was_asked_before_a_plan_needs_no_second_and_leads_back(history: list[list[Duty]]) -> None:
    kernel = FRESH
    for duties in history:
        kernel = after(kernel, *duties)
        assert plan(duties, kernel).steps == ()
    back = after(kernel)
    assert (back.table, back.knobs[k.IP_FORWARD], back.knobs["net/ipv6/conf/eth0/accept_ra"]) == (None, "0", "1")


def test_a_host_that_routes_goes_on_listening_to_its_own_router() -> None:
    found = after(FRESH, LINK)
    assert found.knobs["net/ipv6/conf/eth0/accept_ra"] == "2"
    assert found.knobs[k.IPV6_FORWARDING] == "1"
    assert found.knobs["net/ipv6/conf/nl-host/accept_ra"] == "0"


def test_the_original_settings_are_written_down_before_they_change() -> None:
    steps = plan([LINK], FRESH).steps
    table = next(place for place, step in enumerate(steps) if isinstance(step, k.WriteTable))
    turned = next(p for p, step in enumerate(steps) if isinstance(step, k.Turn) and step.knob == k.IP_FORWARD)
    assert table < turned
    again = plan([LINK], replace(FRESH, table=after(FRESH, LINK).table)).steps
    assert [step for step in again if isinstance(step, k.WriteTable)] == []


def test_a_host_that_routed_before_routes_on() -> None:
    routing = replace(FRESH, knobs=FRESH.knobs | {k.IP_FORWARD: "1"})
    assert after(after(routing, LINK)).knobs[k.IP_FORWARD] == "1"


def test_what_somebody_changed_since_is_not_put_back() -> None:
    changed = after(FRESH, LINK)
    changed = replace(changed, knobs={**changed.knobs, k.IPV6_FORWARDING: "2"})
    assert after(changed).knobs[k.IPV6_FORWARDING] == "2"
    assert after(changed).knobs[k.IP_FORWARD] == "0"


def test_a_host_without_ipv6_has_the_rest() -> None:
    old = replace(FRESH, knobs={k.IP_FORWARD: "0"}, routes=())
    found = after(old, LINK)
    assert found.devices["nl-host"].addresses == {"169.254.64.1/18"}
    assert plan([LINK], found).answers == {"nl-host": "ok"}


def test_who_has_a_block_keeps_it() -> None:
    first = after(FRESH, TWIN)
    found = plan([OWN, TWIN], first)
    assert found.answers[TWIN.interface] == "ok"
    assert "from nlhaaaaaaaaaa" in found.answers[OWN.interface]
    assert after(first, OWN).devices[OWN.interface].addresses == set(OWN.addresses)


def test_no_tenant_takes_the_link() -> None:
    greedy = replace(OWN, addresses=("169.254.65.1/24",))
    found = plan([greedy, LINK], FRESH)
    assert found.answers["nl-host"] == "ok"
    assert "nl-host" in found.answers[OWN.interface]


def test_an_interface_that_is_not_there_yet_is_not_answered_for() -> None:
    assert plan([OWN], k.Kernel(knobs=KNOBS)).answers == {}


@pytest.mark.parametrize(
    "external_ids",
    [
        {"netloom-addresses": "10.0.0.1/33"},
        {"netloom-addresses": "nonsense"},
        {"netloom-addresses": " ".join(f"10.0.{n // 250}.{n % 250}/32" for n in range(300))},
        {"netloom-addresses": "", "netloom-link": "true", "netloom-forwards": "tcp:0:169.254.64.7"},
        {"netloom-addresses": "", "netloom-link": "true", "netloom-forwards": "tcp:90-80:169.254.64.7"},
        {"netloom-addresses": "", "netloom-link": "true", "netloom-forwards": "tcp:65536:169.254.64.7"},
        {"netloom-addresses": "", "netloom-link": "true", "netloom-forwards": 'tcp:80:1.2.3.4" accept'},
        {"netloom-addresses": "", "netloom-link": "true", "netloom-forwards": "sctp:80:169.254.64.7"},
        {"netloom-addresses": "", "netloom-link": "true", "netloom-forwards": "tcp:80:::::"},
    ],
)
def test_a_duty_that_cannot_be_is_refused_whole(external_ids: dict[str, str]) -> None:
    found = duty("nl-host", external_ids, made=True)
    assert found is not None
    assert found.trouble
    assert (found.addresses, found.forwards) == ((), ())
    assert plan([found], FRESH).answers == {"nl-host": found.trouble}


def test_only_interfaces_of_ours_have_duties() -> None:
    assert duty("eth0", {"netloom-addresses": "10.0.0.1/24"}, made=True) is None
    assert duty("nl-host", {"netloom-link": "true"}, made=True) is None


def test_only_the_link_forwards() -> None:
    found = duty(OWN.interface, {"netloom-addresses": "10.0.0.1/24", "netloom-forwards": "tcp:80:10.0.0.2"}, made=True)
    assert found == Duty(OWN.interface, ("10.0.0.1/24",))
