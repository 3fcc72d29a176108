"""The files in ``tests/vectors/python`` are what ``write_vectors.py`` writes; ``test_vectors`` reads them."""

import pytest
import vectors
import write_vectors

WRITTEN = write_vectors.families()


@pytest.mark.parametrize("file", WRITTEN)
def test_written_anew_they_are_the_same(file: str) -> None:
    stored = (vectors.FROM_PYTHON / file).read_text(encoding="utf-8")
    assert stored == WRITTEN[file], "run tests/write_vectors.py"


def test_no_file_is_left_over() -> None:
    assert {path.name for path in vectors.FROM_PYTHON.glob("*.json")} == WRITTEN.keys()
