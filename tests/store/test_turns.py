"""Turns in a channel that Slack lets take no more: one after the other, and nobody asks for nothing."""

from __future__ import annotations

from bot.store.turns import Turns


class OneASecond:
    """Slack, taking one post a second in each channel."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked = 0
        self.taken: list[str] = []
        self._free: dict[str, float] = {}
        self.turns = Turns(lambda: self.now)

    def post(self, channel: str, post: str) -> float:
        """0 where it was taken, else the seconds after which it is to be tried again."""

        if wait := self.turns.wait(channel, post):
            return wait
        self.asked += 1
        if self._free.get(channel, 0.0) > self.now:
            self.turns.put_first(channel, post, 1.0)
            return 1.0
        self._free[channel] = self.now + 1
        self.taken.append(post)
        return 0.0


def test_posts_that_wait_for_one_channel_ask_slack_one_after_the_other() -> None:
    slack = OneASecond()
    names = [f"post {number:02}" for number in range(20)]
    waiting = dict.fromkeys(names, slack.now)
    while waiting:
        name = min(waiting, key=lambda one: waiting[one])
        slack.now = max(slack.now, waiting.pop(name))
        if again := slack.post("C1", name):
            waiting[name] = slack.now + again
    assert slack.taken == names, "in the order of asking"
    assert slack.asked == 21, "only the second was sent away: then it was known how long to wait"
    assert slack.now == 119.0


def test_other_channels_and_a_channel_that_is_free_again_are_not_held_back() -> None:
    slack = OneASecond()
    assert [slack.post("C1", "a"), slack.post("C1", "b"), slack.post("C1", "c")] == [0.0, 1.0, 2.0]
    assert slack.post("C2", "d") == 0.0
    slack.now += 60  # b and c never came back
    assert [slack.post("C1", "e"), slack.taken] == [0.0, ["a", "d", "e"]]


def test_who_comes_early_keeps_its_turn_and_waits_for_the_rest_of_the_time() -> None:
    slack = OneASecond()
    assert [slack.post("C1", name) for name in ("a", "b", "c")] == [0.0, 1.0, 2.0]
    slack.now += 0.25
    assert [slack.post("C1", "c"), slack.post("C1", "d")] == [1.75, 2.75]
    slack.now += 1.75
    assert [slack.post("C1", "c"), slack.taken] == [0.0, ["a", "c"]]


def test_turns_that_nobody_came_back_for_are_forgotten() -> None:
    slack = OneASecond()
    for number in range(3_000):
        slack.post(f"C{number}", "a")
        slack.post(f"C{number}", "b")
        slack.now += 0.5
    assert len(slack.turns._turns) < 1_002
