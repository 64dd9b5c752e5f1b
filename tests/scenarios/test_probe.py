"""Loss is counted from what ping printed, not from its closing line, which takes requests in flight for lost."""

from __future__ import annotations

from mininet_scenarios.probe import Loss, loss


def output(replies: dict[int, float], transmitted: int) -> str:
    lines = [
        f"[{time:.6f}] 64 bytes from 10.0.0.2: icmp_seq={number} ttl=64 time=0.2 ms" for number, time in replies.items()
    ]
    return "\n".join(
        ["PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.", *lines, "", f"{transmitted} packets transmitted"]
    )


def test_every_request_answered_is_nothing_lost() -> None:
    assert loss(output({1: 10.000, 2: 10.002, 3: 10.004}, 3)) == Loss(3, 0, 2.0)


def test_a_missing_reply_is_lost_and_makes_a_gap() -> None:
    seen = loss(output({1: 10.000, 4: 10.006}, 4))
    assert (seen.sent, seen.lost, round(seen.gap)) == (4, 2, 6)


def test_a_request_in_flight_at_the_end_is_not_lost() -> None:
    assert loss(output({1: 10.000, 2: 10.002}, 3)).lost == 0


def test_silence_to_the_end_is_loss() -> None:
    assert loss(output({1: 10.000, 2: 10.002}, 100)).lost == 95


def test_no_reply_at_all_is_loss() -> None:
    assert loss(output({}, 100)).lost == 97
