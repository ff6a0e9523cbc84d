"""`dev.py load`: many clients, two workers, a database restarted twice; figures, and what is wrong."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import structlog

from load import course
from load.ledger import Sample, percentile

_SHOWN = 20


def main() -> int:
    """Run it and print; 1 where anything was wrong."""
    parser = argparse.ArgumentParser(prog="dev.py load")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory(prefix="rollbook-load-") as name:
        went = course.run(Path(name), clients=given.clients, seconds=given.seconds)
    for line in lines(went):
        print(line)
    return 1 if went.faults else 0


def lines(went: course.Course) -> Iterator[str]:
    """The figures for people."""
    samples, calm = went.ledger.samples, went.undisturbed()
    good = [each for each in samples if each.good]
    seconds = went.ended - went.began
    yield f"{went.clients} clients, {course.WORKERS} workers, {seconds:.1f} s, {len(samples)} requests"
    yield f"requests served a second    {len(good) / seconds:10,.1f}"
    yield f"writes acknowledged         {len(went.ledger.acknowledged):10,}"
    for kind in sorted({each.kind for each in samples}):
        yield _times(kind, [each for each in good if each.kind == kind])
    yield _times("all", good)
    yield _times("all but the restarts", [each for each in calm if each.good])
    for status, count in sorted(went.ledger.statuses().items()):
        yield f"status {status:<28} {count:8,}"
    for restart in went.restarts:
        first, last = went.recovered(restart)
        yield (
            f"restart -m {restart.mode}: database away {restart.answered - restart.began:.2f} s; "
            f"then the first request served after {first:.2f} s, the last refused after {last:.2f} s"
        )
    yield f"faults: {len(went.faults)}"
    yield from went.faults[:_SHOWN]


def _times(name: str, samples: list[Sample]) -> str:
    p50, p99 = percentile(samples, 0.5), percentile(samples, 0.99)
    return f"{name:<21} {len(samples):8,} served    p50 {p50:7,.0f} ms    p99 {p99:7,.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
