"""Flows as ovs-ofctl writes them, for people to read; it takes them back as well.

What netloom never writes, and what therefore has no name here, reads as hexadecimal.
"""

from __future__ import annotations

from controller.flow import actions as act
from controller.flow.cloning import Clone
from controller.flow.codec import Term, Unknown, flow_actions, match_terms
from controller.flow.fields import CT_STATE, ETH_TYPE, IP_FRAG, TUN_METADATA0, Field
from controller.flow.groups import ToGroup
from controller.flow.headers import Decap, DecNshTtl, EncapEthernet, EncapNsh, HeaderChange, PopVlan, PushVlan
from controller.flow.tracking import FTP, STATES, ZONE_BITS, Ct, Nat

_ETHERNET_TYPES = {0x0800: "ip", 0x0806: "arp", 0x86DD: "ipv6"}
_FRAGMENTS = {(0, 3): "no", (1, 3): "first", (3, 3): "later", (0, 2): "not_later", (1, 1): "yes"}

_RESERVED = {act.IN_PORT_RESERVED: "IN_PORT", act.CONTROLLER_RESERVED: "CONTROLLER:65535"}
_PLAIN = {
    act.DecTtl: "dec_ttl",
    PushVlan: "push_vlan:0x8100",
    PopVlan: "pop_vlan",
    EncapNsh: "encap(nsh(md_type=1))",
    EncapEthernet: "encap(ethernet)",
    Decap: "decap()",
    DecNshTtl: "dec_nsh_ttl",
}
_SIDES = {"snat": "src", "dnat": "dst"}
_HELPERS = {FTP: "ftp"}


def match_text(oxms: bytes) -> str:
    """The match as ovs-ofctl writes it, ``ip``, ``arp`` and ``ipv6`` for their ethertypes."""
    return ",".join(_term_text(term) for term in match_terms(oxms))


def _term_text(term: Term | Unknown) -> str:
    if isinstance(term, Unknown):
        return f"field({term.wire.hex()})"
    field, value, mask = term.field, term.value, term.mask
    if field is ETH_TYPE and value in _ETHERNET_TYPES:
        return _ETHERNET_TYPES[value]
    if field is IP_FRAG and (value, mask) in _FRAGMENTS:
        return f"{field}={_FRAGMENTS[value, mask]}"
    if field is CT_STATE:
        return f"{field}=" + "".join("-+"[bool(value & bit)] + name for name, bit in STATES.items() if mask & bit)
    return f"{field}={field.show(value)}" + ("" if mask == field.all_ones else f"/{field.show(mask)}")


def actions_text(instructions: bytes, table_name: dict[int, str] | None = None) -> str:
    """The actions as ovs-ofctl writes them; tables by name where names are given."""
    words = [_action_text(action, table_name or {}) for action in flow_actions(instructions)]
    return ",".join(words) or "drop"


def _action_text(action: act.Action | Unknown, names: dict[int, str]) -> str:  # noqa: PLR0911 - one line an action
    match action:
        case act.SetField(field=field, value=value, mask=mask):
            bits = "" if mask == field.all_ones else f"/{field.show(mask)}"
            return f"set_field:{field.show(value)}{bits}->{field}"
        case act.Copy():
            source = _span(action.source, action.source_at, action.bits)
            return f"move:{source}->{_span(action.target, action.target_at, action.bits)}"
        case act.Multipath(paths=paths, modulo=modulo):
            how = "1024,modulo_n" if modulo else "0,hrw"
            return f"multipath(symmetric_l3l4+udp,{how},{paths},0,{_span(action.field, action.at, action.bits)})"
        case act.CheckLarger(size=size, field=field, bit=bit):
            return f"check_pkt_larger({size})->{_span(field, bit, 1)}"
        case Unknown(kind=kind, wire=wire):
            return f"{kind}({wire.hex()})"
        case act.ToController(meter=meter):
            return f"controller(meter_id={meter})"
        case act.Conjunction(number=number, clause=clause, clauses=clauses):
            return f"conjunction({number},{clause}/{clauses})"
        case Ct() | Clone():
            return _nesting_text(action, names)
        case _:
            return _leading_text(action, names)


def _leading_text(  # noqa: PLR0911 - one line an action
    action: act.Output | act.OutputField | act.Resubmit | act.Goto | act.Meter | ToGroup | act.DecTtl | HeaderChange,
    names: dict[int, str],
) -> str:
    match action:
        case act.Output(port=port):
            return _RESERVED.get(port, f"output:{port}")
        case act.OutputField(field=field):
            return f"output:{field}"
        case act.Resubmit(table=table):
            return f"resubmit(,{names.get(table, table)})"
        case act.Goto(table=table):
            return f"goto_table:{names.get(table, table)}"
        case act.Meter(meter=meter):
            return f"meter:{meter}"
        case ToGroup(number=number):
            return f"group:{number}"
        case _:
            return _PLAIN[type(action)]


def _nesting_text(action: Ct | Clone, names: dict[int, str]) -> str:
    if isinstance(action, Ct):
        return _ct_text(action, names)
    return f"clone({','.join(_action_text(inside, names) for inside in action.actions)})"


def _ct_text(action: Ct, names: dict[int, str]) -> str:
    words = ["commit"] if action.commit else []
    if action.table is not None:
        words.append(f"table={names.get(action.table, action.table)}")
    zone = action.zone
    words.append(f"zone={_span(zone, 0, ZONE_BITS)}" if isinstance(zone, Field) else f"zone={zone}")
    if action.nat is not None:
        words.append(_nat_text(action.nat))
    match action.mark:
        case Field() as source:
            words.append(f"exec(move:{source}[]->ct_mark[])")
        case int() as mark:
            words.append(f"exec(set_field:{mark:#x}->ct_mark)")
    if action.alg is not None:
        words.append(f"alg={_HELPERS.get(action.alg, action.alg)}")
    return f"ct({','.join(words)})"


def _nat_text(nat: Nat) -> str:
    if nat.kind is None:
        return "nat"
    if nat.low is None:
        return f"nat({_SIDES[nat.kind]})"
    bracketed = ":" in nat.low and (nat.high or nat.ports)
    ends = [f"[{address}]" if bracketed else address for address in (nat.low, nat.high) if address]
    ports = "" if nat.ports is None else ":" + "-".join(str(port) for port in sorted(set(nat.ports)))
    return f"nat({_SIDES[nat.kind]}={'-'.join(ends)}{ports})"


def _span(field: Field, at: int, bits: int) -> str:
    if bits == field.bits and field is not TUN_METADATA0:  # which ovs-ofctl takes to be as wide as one can be
        return f"{field}[]"
    return f"{field}[{at}]" if bits == 1 else f"{field}[{at}..{at + bits - 1}]"
