"""D5, S28: what an earlier release kept to search by is made anew when the store is opened."""

import sqlite3
from contextlib import closing
from pathlib import Path

from rollbook.store.database import open_store
from rollbook.store.listing import page


def test_d5_records_of_an_earlier_release_are_found_by_the_words_of_this_one(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite3"
    open_store(file).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "INSERT INTO student(id, version, base, search_text, family_name) "
            "VALUES ('s', 1, '{}', ' χρηστου christou', 'Χρήστου')"
        )
        connection.execute("UPDATE meta SET value = '1' WHERE name = 'words'")
        connection.commit()
    store = open_store(file)
    with store.read() as connection:
        assert [row["id"] for row in page(connection, "student", words="xristou").rows] == ["s"]
        assert page(connection, "student", words="christo").total == 1
    store.close()
