"""Worker processes for the cells of a large day: each takes one job after the other over its own pipe.

Whoever dies takes nothing along but its job, which another takes again; whoever has done many is replaced, since a
process never gives back what it once took. `python -m fieldapp.crew` is the worker's side.
"""

from __future__ import annotations

import os
import pickle
import selectors
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from fieldapp.planning.national import Done, Job, Underway, work
from fieldapp.planning.plan import Plan
from fieldapp.planning.search import prepare
from fieldapp.planning.solver import Progress

MOST_JOBS = 40
"""Before a worker is replaced."""
TRIES = 3
"""A job that three workers did not survive is not given to a fourth."""
EVERY_S = 0.5
_HEAD = struct.Struct(">Q")
HURRY = b"hurry"


def _send(pipe: BinaryIO, value: Any) -> None:
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    left = memoryview(_HEAD.pack(len(data)) + data)
    while left:  # unbuffered, a pipe may take a part only
        left = left[pipe.write(left) :]
    pipe.flush()


def _receive(pipe: BinaryIO) -> Any:
    """The next value; EOFError where the other side is gone."""
    head = _exactly(pipe, _HEAD.size)
    return pickle.loads(_exactly(pipe, _HEAD.unpack(head)[0]))  # from our own child or parent, over a pipe


def _exactly(pipe: BinaryIO, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        more = pipe.read(count - len(data))
        if not more:
            raise EOFError
        data += more
    return bytes(data)


@dataclass(slots=True, eq=False)
class Hand:
    """One worker process and what it is at."""

    process: subprocess.Popen[bytes]
    job: int | None = None
    done: int = 0

    @property
    def given(self) -> BinaryIO:
        assert self.process.stdin is not None
        return self.process.stdin  # type: ignore[return-value]  # opened in binary

    @property
    def says(self) -> BinaryIO:
        assert self.process.stdout is not None
        return self.process.stdout  # type: ignore[return-value]  # opened in binary

    def end(self) -> None:
        """Close both pipes and wait; whatever it was at is dropped."""
        self.process.kill()
        self.process.wait()
        self.given.close()
        self.says.close()


class Crew:
    """`hands` worker processes. Use it as a context, so that none outlives whoever asked for it."""

    def __init__(self, hands: int) -> None:
        self._many = max(hands, 1)
        self._hands: list[Hand] = []
        self._hurried = False
        self.taken_again = 0

    def __enter__(self) -> Crew:
        self._hands = [_hire() for _ in range(self._many)]
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            hand.end()

    @property
    def processes(self) -> list[int]:
        """The workers' process numbers."""
        return [hand.process.pid for hand in self._hands]

    def hurry(self) -> None:
        """Whatever runs takes what it has, whatever comes gets a first plan only."""
        self._hurried = True
        for hand in self._hands:
            if hand.job is not None:
                self._give(hand, HURRY)

    def each(self, jobs: Sequence[Job], *, ends_s: float | None) -> Iterator[Done | Underway]:
        """What becomes of `jobs`, as it becomes known."""
        waiting = list(range(len(jobs)))
        tries = dict.fromkeys(waiting, 0)
        open_ = len(waiting)
        while open_:
            for hand in self._hands:
                if hand.job is None and waiting:
                    number = waiting.pop(0)
                    tries[number] += 1
                    self._start(hand, jobs[number], left=len(waiting) + 1, ends_s=ends_s)
            for hand, news in self._heard():
                if news is None:
                    number = self._bury(hand)
                    self.taken_again += 1
                    if tries[number] < TRIES:
                        waiting.insert(0, number)
                        continue
                    news = _as_it_began(jobs[number])
                if isinstance(news, Done):
                    open_ -= 1
                    hand.job = None
                    hand.done += 1
                    if hand.done >= MOST_JOBS:
                        self._replace(hand)
                yield news

    def _start(self, hand: Hand, job: Job, *, left: int, ends_s: float | None) -> None:
        hand.job = job.number
        if self._hurried:
            job = replace(job, seconds=None, iterations=1)
        elif job.iterations is None and ends_s is not None:
            # Those that are left come in turns of as many as there are hands.
            turns = max(left / self._many, 1.0)
            job = replace(job, seconds=max(ends_s - time.monotonic(), 0.0) / turns)
        self._give(hand, job)

    def _give(self, hand: Hand, value: Any) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # it is gone, which its silence will tell
            _send(hand.given, value)

    def _heard(self) -> list[tuple[Hand, Done | Underway | None]]:
        """What busy hands say, once at least one says something; None for one that is gone."""
        with selectors.DefaultSelector() as ears:
            for hand in self._hands:
                if hand.job is not None:
                    ears.register(hand.says, selectors.EVENT_READ, hand)
            heard: list[tuple[Hand, Done | Underway | None]] = []
            for key, _ in ears.select():
                try:
                    heard.append((key.data, _receive(key.data.says)))
                except (EOFError, OSError, pickle.UnpicklingError):
                    heard.append((key.data, None))
            return heard

    def _bury(self, hand: Hand) -> int:
        """The job that a dead worker was at; another stands in its place."""
        number, hand.job = hand.job, None
        self._replace(hand)
        assert number is not None
        return number

    def _replace(self, hand: Hand) -> None:
        hand.end()
        hand.process, hand.done = _hire().process, 0


def _as_it_began(job: Job) -> Done:
    start = job.start or Plan(((),) * len(job.part.agents))
    return Done(job.number, start, 0, 0, 0, lost=True)


def _hire() -> Hand:
    # Unbuffered, so that what was heard and what still waits in the pipe are never two things.
    return Hand(
        subprocess.Popen(
            [sys.executable, "-m", "fieldapp.crew"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
    )


class _Worker:
    """The other side: jobs come in by one pipe, news go out by the other."""

    def __init__(self, given: BinaryIO, says: BinaryIO) -> None:
        self._given = given
        self._says = says
        self._jobs: list[Job] = []
        self._came = threading.Condition()
        self._hurried = False
        self._said_s = 0.0
        self._number = -1

    def run(self) -> None:
        prepare()
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            with self._came:
                self._came.wait_for(lambda: self._jobs)
                job = self._jobs.pop(0)
            self._number = job.number
            _send(self._says, work(job, clock=time.monotonic, on_progress=self._hear))
            self._hurried = False

    def _listen(self) -> None:
        """Ends the process with whoever gives the jobs."""
        while True:
            try:
                value = _receive(self._given)
            except EOFError:
                os._exit(0)
            if value == HURRY:
                self._hurried = True
                continue
            with self._came:
                self._jobs.append(value)
                self._came.notify()

    def _hear(self, progress: Progress) -> bool:
        if progress.elapsed_s - self._said_s >= EVERY_S or progress.elapsed_s < self._said_s:
            self._said_s = progress.elapsed_s
            _send(self._says, Underway(self._number, progress.objective_cents))
        return not self._hurried


def main() -> None:
    """The life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from the keyboard it comes to all: whoever gives the jobs decides
    said = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no news
    _Worker(sys.stdin.buffer, said).run()


if __name__ == "__main__":
    main()
