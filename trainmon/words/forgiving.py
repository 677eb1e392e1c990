"""Log calls that fail: said once a cause, and no end of a training that may have run for days."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Complaining(Protocol):
    """Who says that a log call failed."""

    def complain(self, where: str, error: Exception) -> None:
        """Says it once a cause."""


def forgiving(
    logger: Callable[..., Complaining], otherwise: R, failure: type[Exception] = TypeError
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Has a log call that fails say so and go on.

    Args:
        logger: Who says it; given the first argument of the call, if there is one.
        otherwise: What the call returns then.
        failure: What is forgiven; by default a call with an unknown, missing or superfluous argument.
    """

    def of(call: Callable[P, R]) -> Callable[P, R]:
        @wraps(call)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return call(*args, **kwargs)
            except failure as error:
                logger(*args[:1]).complain(call.__name__, error)
                return otherwise

        return guarded

    return of
