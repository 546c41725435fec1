from __future__ import annotations

from router.errors import ApiError
from tests.router.test_errors import leaves
from workbench import errors


def test_every_answer_of_the_site_is_drawn_in_its_tree() -> None:
    tree = errors.__doc__ or ""
    own = [kind for kind in leaves(ApiError) if kind.__module__ == errors.__name__]
    assert len(own) > 5
    for kind in own:
        assert issubclass(kind, ApiError)
        drawn = next(line for line in tree.splitlines() if f" {kind.__name__} " in line)
        assert drawn.split()[2:] == [str(kind.status), kind.type, kind.code]
