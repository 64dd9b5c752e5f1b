"""Every kind of resource that this version knows; a further kind is a further module and a word here."""

from controller.intent.kind import Kind
from controller.intent.kinds.address_group import ADDRESS_GROUP
from controller.intent.kinds.bridge import BRIDGE
from controller.intent.kinds.floating_ip import FLOATING_IP
from controller.intent.kinds.invariant import CLUSTER_INVARIANT, INVARIANT
from controller.intent.kinds.link import LINK
from controller.intent.kinds.network import NETWORK
from controller.intent.kinds.path_policy import PATH_POLICY
from controller.intent.kinds.policy import POLICY
from controller.intent.kinds.port import PORT
from controller.intent.kinds.port_forward import PORT_FORWARD
from controller.intent.kinds.project import PROJECT
from controller.intent.kinds.router import ROUTER
from controller.intent.kinds.security_group import SECURITY_GROUP
from controller.intent.kinds.service_chain import SERVICE_CHAIN
from controller.intent.kinds.tier import TIER
from controller.intent.kubernetes.admin_network_policy import ADMIN_NETWORK_POLICY
from controller.intent.kubernetes.baseline_admin_network_policy import BASELINE_ADMIN_NETWORK_POLICY
from controller.intent.kubernetes.network_policy import NETWORK_POLICY

_REACHING = (NETWORK, ROUTER, PORT, FLOATING_IP, PORT_FORWARD)
_POLICY = (TIER, SECURITY_GROUP, ADDRESS_GROUP, POLICY, INVARIANT, CLUSTER_INVARIANT)
_STEERING = (LINK, BRIDGE, PATH_POLICY, SERVICE_CHAIN)
_KUBERNETES = (NETWORK_POLICY, ADMIN_NETWORK_POLICY, BASELINE_ADMIN_NETWORK_POLICY)
KINDS: dict[str, Kind] = {kind.name: kind for kind in (PROJECT, *_REACHING, *_POLICY, *_STEERING, *_KUBERNETES)}
