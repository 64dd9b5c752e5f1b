"""What QEMU does for a guest's network, and no more: carries frames between a host's tap and the guest's interface.

Run as ``qemu.py HOST_PID TAP GUEST_PID INTERFACE``, a process of each namespace; says ``carrying`` once frames pass.
"""

import ctypes
import fcntl
import os
import select
import struct
import sys

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP_NO_PI = 0x0002 | 0x1000
FRAME = 65536


def tap(pid: str, name: str) -> int:
    """Make a tap in the namespace of a process and return the file its frames are read from and written to."""
    namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"cannot enter the namespace of {pid}")
    os.close(namespace)
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP_NO_PI))
    return file


def carry(host: int, guest: int) -> None:
    """Carry frames both ways until killed."""
    other = {host: guest, guest: host}
    while True:
        for ready in select.select([host, guest], [], [])[0]:
            try:
                os.write(other[ready], os.read(ready, FRAME))
            except OSError as error:  # an interface that is down refuses frames, as a NIC without a cable does
                print(error, flush=True)


if __name__ == "__main__":
    ends = tap(sys.argv[1], sys.argv[2]), tap(sys.argv[3], sys.argv[4])
    print("carrying", flush=True)
    carry(*ends)
