"""No more calls in any period than a rate says, in the order in which they came."""

from __future__ import annotations

import asyncio

from codegen.config.limits import Rate
from codegen.runtime.rate import Pace


class Time:
    """Passes while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now += seconds


def test_the_first_leave_at_once_and_no_period_has_more_than_it_may():
    async def main():
        time = Time()
        pace = Pace(Rate(3, 10.0), time, time.sleep)
        left = []

        async def call(number: int) -> None:
            await pace.turn()
            left.append((number, time.now))

        await asyncio.gather(*(call(number) for number in range(8)))
        assert left == [(n, 100.0 + 10.0 * (n // 3)) for n in range(8)]
        time.now += 3
        await call(8)
        assert left[-1] == (8, 123.0)
        await call(9)
        assert left[-1] == (9, 130.0)

    asyncio.run(main())


def test_a_call_that_is_given_up_takes_nobodys_place():
    async def main():
        time = Time()
        pace = Pace(Rate(1, 10.0), time, time.sleep)
        await pace.turn()
        waiting = [asyncio.create_task(pace.turn()) for _ in range(5)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        await pace.turn()
        assert time.now <= 110.0

    asyncio.run(main())
