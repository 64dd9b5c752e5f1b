"""Every kind of resource that this version knows; a further kind is a further module and a word here."""

from controller.intent.kind import Kind
from controller.intent.kinds.floating_ip import FLOATING_IP
from controller.intent.kinds.network import NETWORK
from controller.intent.kinds.port import PORT
from controller.intent.kinds.port_forward import PORT_FORWARD
from controller.intent.kinds.project import PROJECT
from controller.intent.kinds.router import ROUTER

KINDS: dict[str, Kind] = {kind.name: kind for kind in (PROJECT, NETWORK, ROUTER, PORT, FLOATING_IP, PORT_FORWARD)}
