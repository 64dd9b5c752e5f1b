"""The outfit: what settings, and the pipeline, mean to the parts that are to know nothing of either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import nat_tables, pipeline, registers
from controller.flow.fields import REGS
from controller.intent.allocate import TUNNEL_PORTS, Underlay
from controller.services.pipeline import Pipeline
from controller.settings import endpoint
from ovsdb.address import Tls, parse
from ovsdb.host_plan import Wanted

if TYPE_CHECKING:
    from controller.settings import Settings


def wanted(settings: Settings) -> Wanted:
    """What every host should have."""
    openflow = settings.openflow
    return Wanted(endpoint(openflow.listen)[1], advertise=openflow.advertise, known=False)


def service_pipeline() -> Pipeline:
    """The pipeline as services see it."""
    return Pipeline(
        reason=registers.PUNT,
        network=registers.NETWORK,
        origin=registers.ORIGIN,
        via=registers.VIA,
        router=registers.ROUTER,
        next_hop=registers.ADDRESS_WORDS,
        sender=registers.SENDER,
        out_port=registers.OUT_PORT,
        rule=registers.RULE,
        registers=REGS,
        from_port=registers.FROM_PORT,
        via_segment=registers.VIA_SEGMENT,
        resolve=pipeline.RESOLVE.resubmit,
        resolved=nat_tables.SNAT.resubmit,
        outwards=nat_tables.UN_SNAT.resubmit,
        deliver=pipeline.DELIVER.resubmit,
        onwards=pipeline.ROUTER_IN.resubmit,
    )


def underlay(settings: Settings) -> Underlay:
    """What networks can be given, and the ports that hosts have to keep: the daemon may run on one of them."""
    network, listening = settings.network, (parse(text).port for text in settings.ovsdb.listen)
    daemon = {endpoint(settings.http.listen)[1], endpoint(settings.openflow.listen)[1], *listening}
    return Underlay(
        mtu=network.underlay_mtu,
        ip=network.underlay_ip,
        encap=network.default_encap,
        segment_mtu=network.segment_mtu,
        forwarded_from=network.host_forwards_from,
        own_ports=TUNNEL_PORTS | daemon,
    )


def tls(settings: Settings) -> Tls | None:
    """The files with which everything that listens or connects does so by TLS; None where nothing does."""
    files = settings.tls
    if files.private_key is None or files.certificate is None or files.ca is None:
        return None
    return Tls(str(files.private_key), str(files.certificate), str(files.ca))
