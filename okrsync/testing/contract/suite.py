"""The whole suite."""

from __future__ import annotations

from okrsync.testing.contract.commenting import CommentingContract
from okrsync.testing.contract.failing import FailingContract
from okrsync.testing.contract.finding import FindingContract
from okrsync.testing.contract.querying import QueryingContract
from okrsync.testing.contract.relating import RelatingContract
from okrsync.testing.contract.writing import WritingContract


class TrackerContract(
    FindingContract, WritingContract, RelatingContract, CommentingContract, QueryingContract, FailingContract
):
    """Every promise of `okrsync.trackers.interface`, as tests.

    Subclass it under a name that begins with `Test`, and supply these fixtures, in the class or beside it:

    - `tracker`: the tracker, with credentials that may do everything, and a policy that waits milliseconds
      (`memory_context` makes one);
    - `stranger`: the same tracker with a token that the server does not know;
    - `scope`: a project with at least two number fields in `fields`, and in `objective_fields` those of objectives;
    - `other_scope`: another project on the same tracker;
    - `people`: see `People`; `faults`: see `Faults`.

    Set `points_field` where children can be weighed, and `labelled`, `labelled_and_open` and `no_query` where the
    tracker answers queries. The search index of the server must not lag. Tests of what the tracker's capabilities say
    it cannot do are skipped. A server may be shared between tests: each test makes its own items.
    """
