"""The shape of a statement holds no value, and what is kept of shapes has a bound (R14)."""

import threading

import pytest

from rollbook.server.query_shapes import MOST_SAMPLES, MOST_SHAPE_LENGTH, QueryShapes, percentile, shape_of

SECRET = "Zyxwvutia"


@pytest.mark.parametrize(
    ("statement", "shape"),
    [
        ("SELECT a\n  FROM t WHERE b = ?", "SELECT a FROM t WHERE b = ?"),
        ("SELECT a FROM t WHERE b = %(b_1)s::VARCHAR", "SELECT a FROM t WHERE b = ?"),
        ("SELECT a FROM t WHERE b = %s", "SELECT a FROM t WHERE b = ?"),
        (f"SELECT a FROM t WHERE b = '{SECRET}'", "SELECT a FROM t WHERE b = ?"),
        (f"SELECT a FROM t WHERE b = 'it''s {SECRET}' AND c = 12.5", "SELECT a FROM t WHERE b = ? AND c = ?"),
        ("SELECT a FROM t WHERE b IN (?, ?, ?)", "SELECT a FROM t WHERE b IN (…)"),
        ("SELECT a FROM t WHERE b IN (?)", "SELECT a FROM t WHERE b IN (…)"),
        (
            "SELECT a FROM t WHERE b IN (%(b_1_1)s::VARCHAR, %(b_1_2)s::VARCHAR)",
            "SELECT a FROM t WHERE b IN (…)",
        ),
        ("INSERT INTO t (a, b) VALUES (?, ?), (?, ?), (?, ?)", "INSERT INTO t (a, b) VALUES (…)"),
        ("INSERT INTO t (a, b) VALUES (?, ?)", "INSERT INTO t (a, b) VALUES (…)"),
        ("SET LOCAL statement_timeout = 29997", "SET LOCAL statement_timeout = ?"),
        ('SELECT "it\'s 5 %s" FROM "t_1" AS anon_1', 'SELECT "it\'s 5 %s" FROM "t_1" AS anon_1'),
        ("SELECT coalesce(a, b) FROM t LIMIT ? OFFSET ?", "SELECT coalesce(a, b) FROM t LIMIT ? OFFSET ?"),
    ],
)
def test_r14_a_shape_is_the_statement_without_its_values(statement: str, shape: str) -> None:
    assert shape_of(statement) == shape


def test_r14_lists_of_every_length_are_one_shape() -> None:
    marks = [", ".join("?" * length) for length in (1, 2, 50, 5_000)]
    assert len({shape_of(f"SELECT a FROM t WHERE b IN ({each})") for each in marks}) == 1


def test_r14_percentiles_are_of_the_nearest_rank() -> None:
    hundred = [float(each) for each in range(100, 0, -1)]
    assert [percentile(hundred, share) for share in (0.5, 0.95, 1.0)] == [50.0, 95.0, 100.0]
    assert percentile([7.0], 0.5) == percentile([7.0], 0.95) == 7.0
    assert percentile([1.0, 2.0], 0.5) == 1.0


def test_r14_figures_are_of_all_and_of_the_latest() -> None:
    shapes = QueryShapes(slow_seconds=0.1)
    for _ in range(MOST_SAMPLES):
        shapes.note("SELECT 1", 0.05)
    assert shapes.slow() == []
    for number in range(MOST_SAMPLES):
        assert shapes.note("SELECT 2", 0.2, failed=number == 0)
    [found] = shapes.slow()
    assert (found.shape, found.count, found.slow, found.failed) == (
        "SELECT ?",
        2 * MOST_SAMPLES,
        MOST_SAMPLES,
        1,
    )
    assert (found.sampled, found.p50, found.p95, found.longest) == (MOST_SAMPLES, 0.2, 0.2, 0.2)
    assert [each.shape for each in shapes.slow(0.2)] == ["SELECT ?"]
    assert shapes.slow(0.21) == []


def test_r14_what_is_kept_has_a_bound_whatever_comes() -> None:
    shapes = QueryShapes(slow_seconds=0.0, most=10)
    for number in range(1_000):
        shapes.note(f"SELECT a{number} FROM t", 1.0)
        shapes.note("SELECT often FROM t", 2.0)
    assert len(shapes.slow()) == 10
    assert shapes.forgotten == 991
    assert shapes.slow()[0].shape == "SELECT often FROM t"  # what comes often is not let go of
    shapes.note("SELECT " + "a, " * 20_000, 9.0)
    longest = shapes.slow()[0]
    assert len(longest.shape) == MOST_SHAPE_LENGTH
    assert shapes.statement_of(longest.id) == (longest.shape, "")


def test_r14_threads_lose_no_count() -> None:
    shapes = QueryShapes(slow_seconds=0.0, most=5)

    def count() -> None:
        for number in range(2_000):
            shapes.note(f"SELECT a{number % 3}x FROM t", 0.001)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.count for each in shapes.slow()) == 8_000
