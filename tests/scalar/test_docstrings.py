import doctest

import pytest

import reprior.scalar
import reprior.scalar.builder


@pytest.mark.parametrize("module", [reprior.scalar, reprior.scalar.builder], ids=lambda m: m.__name__)
def test_examples_run(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
