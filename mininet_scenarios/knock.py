"""New TCP connections, one every ten milliseconds: the longest time in which none of those begun came about.

Run as ``knock.py ADDRESS PORT`` until SIGTERM; a connection that needs more than half a second has failed.
"""

import asyncio
import signal
import sys
from itertools import pairwise

INTERVAL = 0.01
PATIENCE = 0.5


async def knock(address: str, port: int, begun: dict[float, bool]) -> None:
    """Connect once and hang up."""
    started = asyncio.get_running_loop().time()
    begun[started] = False
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(address, port)
    except OSError:  # refused, unreachable, or too late
        return
    begun[started] = True
    writer.transport.abort()


async def knock_on(address: str, port: int) -> dict[float, bool]:
    """Knock until told to end; whether each connection came about, by when it was begun."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    begun: dict[float, bool] = {}
    due = loop.time()
    async with asyncio.TaskGroup() as attempts:
        while not ended.is_set():
            attempts.create_task(knock(address, port, begun))
            if len(begun) == 20 and any(begun.values()):
                print("knocking yes", flush=True)
            due += INTERVAL
            await asyncio.sleep(max(0.0, due - loop.time()))
    return begun


def longest(begun: dict[float, bool]) -> float:
    """Seconds between two connections that came about, the longest such time."""
    good = [moment for moment, answered in sorted(begun.items()) if answered]
    return max((later - earlier for earlier, later in pairwise(good)), default=float("inf"))


if __name__ == "__main__":
    tried = asyncio.run(knock_on(sys.argv[1], int(sys.argv[2])))
    failed = sum(not answered for answered in tried.values())
    print(f"tried {len(tried)} failed {failed} gap {longest(tried) * 1000:.1f}", flush=True)
