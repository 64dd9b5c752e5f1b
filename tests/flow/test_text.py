"""People read flows as ovs-ofctl writes them."""

from __future__ import annotations

import pytest

from controller.flow import actions as act
from controller.flow import fields as f
from controller.flow.actions import Action, instructions
from controller.flow.cloning import clone
from controller.flow.fields import Field, Masked
from controller.flow.flow import encoded_match
from controller.flow.groups import to_group
from controller.flow.headers import dec_nsh_ttl, decap, encap_ethernet, encap_nsh
from controller.flow.text import actions_text, match_text
from controller.flow.tracking import FTP, INV, NEW, TRK, UNDO, Nat, ct


@pytest.mark.parametrize(
    ("match", "text"),
    [
        ({}, ""),
        ({f.IN_PORT: 3, f.VLAN: 0}, "in_port=3,vlan_vid=0x0"),
        ({f.ARP_TPA: "10.0.0.1", f.ARP_OP: 1}, "arp,arp_op=1,arp_tpa=10.0.0.1"),
        ({f.IPV4_SRC: Masked("10.1.2.3", 0xFFFFFF00)}, "ip,nw_src=10.1.2.0/255.255.255.0"),
        ({f.IPV6_DST: "fd00::1"}, "ipv6,ipv6_dst=fd00::1"),
        ({f.ETH_DST: Masked(1 << 40, 1 << 40)}, "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00"),
        ({f.REGS[1]: 7, f.REGS[4]: Masked(1, 3)}, "reg1=0x7,reg4=0x1/0x3"),
        ({f.CONJ_ID: 7, f.REGS[8]: 65}, "conj_id=7,reg8=0x41"),
        ({f.ETH_TYPE: f.ETH_IP, f.TUN_METADATA0: 7, f.SCTP_DST: 9}, "ip,nw_proto=132,sctp_dst=9,tun_metadata0=0x7"),
        ({f.CT_STATE: Masked(TRK | NEW, TRK | NEW | INV), f.CT_ZONE: 5}, "ct_state=+new-inv+trk,ct_zone=5"),
        ({f.NSH_SPI: 77, f.NSH_C4: 9}, "dl_type=0x894f,nsh_spi=0x4d,nsh_c4=0x9"),
        ({f.ICMP_TYPE: 3, f.IP_FRAG: 0}, "ip,ip_frag=no,nw_proto=1,icmp_type=3"),
    ],
)
def test_a_match_reads_as_ovs_ofctl_writes_it(match: dict[Field, int | str | Masked], text: str) -> None:
    assert match_text(encoded_match(match)) == text


SIX, SIX_TEXT = Nat("dnat", "2001:db8::1", "2001:db8::9", (1, 2)), "[2001:db8::1]-[2001:db8::9]:1-2"


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (act.output(7), "output:7"),
        (act.output(act.IN_PORT_RESERVED), "IN_PORT"),
        (act.output_field(f.REGS[2]), "output:reg2"),
        (act.set_field(f.ETH_SRC, "02:00:00:00:00:01"), "set_field:02:00:00:00:00:01->dl_src"),
        (act.set_field(f.REGS[0], Masked(1, 3)), "set_field:0x1/0x3->reg0"),
        (act.copy(f.TUN_ID, f.REGS[0]), "move:tun_id[0..31]->reg0[]"),
        (act.resubmit(9), "resubmit(,NINE)"),
        (act.goto(10), "goto_table:10"),
        (act.output(act.CONTROLLER_RESERVED), "CONTROLLER:65535"),
        (act.set_field(f.IN_PORT, 0), "set_field:0->in_port"),
        (act.multipath(3, f.REGS[6], 0, 16), "multipath(symmetric_l3l4+udp,0,hrw,3,0,reg6[0..15])"),
        (act.check_larger(1514, f.REGS[6], 3), "check_pkt_larger(1514)->reg6[3]"),
        (act.meter(7), "meter:7"),
        (act.to_controller(7), "controller(meter_id=7)"),
        (act.conjunction(7, 1, 2), "conjunction(7,1/2)"),
        (act.copy(f.REGS[11], f.TUN_METADATA0), "move:reg11[]->tun_metadata0[0..31]"),
        (
            act.multipath(256, f.REGS[10], 0, 8, modulo=True),
            "multipath(symmetric_l3l4+udp,1024,modulo_n,256,0,reg10[0..7])",
        ),
        (encap_nsh(), "encap(nsh(md_type=1))"),
        (encap_ethernet(), "encap(ethernet)"),
        (decap(), "decap()"),
        (dec_nsh_ttl(), "dec_nsh_ttl"),
        (to_group(7), "group:7"),
        (act.copy(f.REGS[2], f.NSH_SPI), "move:reg2[0..23]->nsh_spi[]"),
        (ct(f.REGS[9], table=9), "ct(table=NINE,zone=reg9[0..15])"),
        (
            ct(f.REGS[9], commit=True, mark=f.REGS[6]),
            "ct(commit,zone=reg9[0..15],exec(move:reg6[]->ct_mark[]))",
        ),
        (ct(4, table=9, nat=UNDO), "ct(table=NINE,zone=4,nat)"),
        (clone(ct(4, commit=True), act.output(7)), "clone(ct(commit,zone=4),output:7)"),
        (ct(4, commit=True, nat=Nat("snat", "192.0.2.1", None, (80, 80))), "ct(commit,zone=4,nat(src=192.0.2.1:80))"),
        (ct(4, commit=True, nat=SIX, mark=1), f"ct(commit,zone=4,nat(dst={SIX_TEXT}),exec(set_field:0x1->ct_mark))"),
        (ct(4, table=9, commit=True, alg=FTP), "ct(commit,table=NINE,zone=4,alg=ftp)"),
    ],
)
def test_an_action_reads_as_ovs_ofctl_writes_it(action: Action, text: str) -> None:
    assert actions_text(instructions((action,)), {9: "NINE"}) == text
