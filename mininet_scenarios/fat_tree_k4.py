"""A fat tree with two machines at each of its eight edges, in which one thing after another dies at random.

As long as there is a way everyone has it: nobody goes unheard, and nobody hears anything twice. Bridges in the middle
know edges only, and hold in the end as much as at first.
"""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

from mininet_scenarios import links, wired, wirings
from mininet_scenarios.command import until
from mininet_scenarios.probe import unreached
from mininet_scenarios.story import play

if TYPE_CHECKING:
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.story import Story
    from mininet_scenarios.wired import Pair, Scene

K = 4
PAIRS = wirings.fat_tree(K)
EDGES = wirings.edges(K)
LATE = 2.0  # seconds in which all that is cut at once is found and gone round


def tell(story: Story, lab: Lab) -> None:
    """Build, count, break, mend."""
    story.step(f"{len(wired.bridges(PAIRS))} bridges, {len(PAIRS)} cables, {2 * len(EDGES)} hosts")
    scene = wired.build(lab, PAIRS, EDGES * 2)
    prove_heard(story, scene)
    middle = [bridge for bridge in scene.rack.bridges if bridge not in EDGES]
    onward = {bridge: scene.onward(bridge) for bridge in middle}
    story.check("a bridge in the middle has a flow for each edge", set(onward.values()) == {len(EDGES)}, onward)

    seed = story.asked.seed
    story.step(f"Cables are cut at random, as long as all hold together (seed {seed})")
    chosen = random.Random(seed)  # noqa: S311  # to be told again
    cut: list[Pair] = []
    for _ in range(story.asked.rounds):
        more = chosen.sample([pair for pair in PAIRS if pair not in cut], 4)
        if not wirings.connected([pair for pair in PAIRS if pair not in [*cut, *more]], wired.bridges(PAIRS)):
            continue
        break_all(story, scene, more)
        cut += more

    story.step(f"A core dies, and all {len(cut)} cables are put together again")
    core = [pair for pair in PAIRS if "c0x0" in pair and pair not in cut]
    for pair in core:
        scene.cables[pair].cut()
    for pair in cut:
        scene.cables[pair].mend()
    links.wait_up(scene.client, [pair for pair in PAIRS if pair not in core])
    prove_heard(story, scene)
    for pair in core:
        scene.cables[pair].mend()
    links.wait_up(scene.client, PAIRS)
    until(lambda: all(scene.onward(bridge) == len(EDGES) for bridge in middle), 10, "flows are as many as at first")
    story.check("the core returns, and bridges in the middle hold as many flows as at first", held=True)
    prove_heard(story, scene)


def prove_heard(story: Story, scene: Scene) -> None:
    """Everyone hears everyone, once."""
    silent = unreached(scene.pairs())
    story.check("everyone reaches everyone", not silent, silent or f"{len(scene.pairs())} pairs")
    heard = wired.copies(scene.hosts[0], scene.hosts)
    story.check("everyone else gets one copy of a broadcast", set(heard) == {1}, dict(heard))


def break_all(story: Story, scene: Scene, more: list[Pair]) -> None:
    """Cut some cables at once, and see who has lost whom for long."""
    for pair in more:
        scene.cables[pair].cut()
    wanted = {links.name(*pair) for pair in more}
    heard = wired.copies(scene.hosts[0], scene.hosts)
    story.check("nobody hears a broadcast twice that was sent just then", max(heard) <= 1, dict(heard))
    until(
        lambda: wanted <= {name for name, state in links.states(scene.client).items() if state == "down"},
        LATE,
        "the daemon knows of all",
    )
    scene.lab.wait_chassis(*scene.rack.bridges)
    told = ", ".join(sorted(wanted))
    silent = unreached(scene.pairs())
    story.check(f"without {told} everyone reaches everyone", not silent, silent)


if __name__ == "__main__":
    sys.exit(play(tell, {"seed": 1, "rounds": 3}))
