"""How a story is told: numbered steps, each claim with its evidence, and an exit code that is 0 only if all held."""

from __future__ import annotations

import argparse
import inspect
import os
import sys
import time
import traceback
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from mininet_scenarios.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GREEN, RED, BOLD, PLAIN = "32", "31", "1", "0"


@dataclass(slots=True)
class Story:
    """What has been told so far."""

    started: float = field(default_factory=time.monotonic)
    steps: int = 0
    held: int = 0
    broken: list[str] = field(default_factory=list)
    asked: argparse.Namespace = field(default_factory=argparse.Namespace)

    def step(self, sentence: str) -> None:
        """Say what is done next."""
        self.steps += 1
        seconds = time.monotonic() - self.started
        print(f"\n{_painted(f'{self.steps}. {sentence}', BOLD)}  [{seconds:.1f} s]", flush=True)

    def say(self, sentence: str) -> None:
        """Say something that needs no proof."""
        print(f"   {sentence}", flush=True)

    def check(self, sentence: str, held: bool, evidence: object = "") -> None:  # noqa: FBT001  # reads as a claim
        """Claim something, with the evidence that decides it."""
        mark = _painted("holds", GREEN) if held else _painted("BROKEN", RED)
        print(f"   {mark}  {sentence}" + (f"  ({evidence})" if evidence != "" else ""), flush=True)
        if held:
            self.held += 1
        else:
            self.broken.append(sentence)

    def end(self) -> int:
        """Say how it ended; 0 only if something was claimed and all of it held."""
        seconds = time.monotonic() - self.started
        if self.broken or not self.held:
            print(f"\n{_painted('BROKEN', RED)}: {'; '.join(self.broken) or 'nothing was claimed'}  [{seconds:.1f} s]")
            return 1
        print(f"\n{_painted('All of it held', GREEN)}: {self.held} claims in {seconds:.1f} s")
        return 0


def arguments(tell: Callable[..., object], numbers: Mapping[str, int]) -> argparse.Namespace:
    """What the command line asks for; ``numbers`` are the story's own options with their defaults."""
    module = inspect.getdoc(inspect.getmodule(tell)) or ""
    parser = argparse.ArgumentParser(description=module.splitlines()[0])
    parser.add_argument("--framework", choices=("os_ken", "ryu"), default="os_ken")
    parser.add_argument("--datapath", choices=("netdev", "system"), help="default: the kernel's where it is there")
    parser.add_argument("--keep", action="store_true", help="leave everything running at the end")
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default: {default}")
    parser.epilog = "Needs root and Open vSwitch; takes away what it made."
    return parser.parse_args()


def play(tell: Callable[[Story, Lab], None], numbers: Mapping[str, int] = MappingProxyType({})) -> int:
    """Tell a story from the command line and return its exit code."""
    asked = arguments(tell, numbers)
    if os.geteuid():
        print("this needs root: it makes network namespaces", file=sys.stderr)
        return 2
    story = Story(asked=asked)
    with Lab(framework=asked.framework, datapath=asked.datapath, keep=asked.keep) as lab:
        try:
            tell(story, lab)
        except Exception as error:  # noqa: BLE001  # whatever broke, the story says so and the lab is taken away
            traceback.print_exc()
            story.check("the story was told to its end", held=False, evidence=error)
            print(lab.last_words())
    return story.end()


def _painted(text: str, colour: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[{PLAIN}m" if sys.stdout.isatty() else text
