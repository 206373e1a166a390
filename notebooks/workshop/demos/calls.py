"""Functions that lessons have called in other processes.

They stand in a module since a process pool sends only the *name* of a function: the other process imports the module
and looks the name up there. A function that is defined in a notebook has no module that could be imported.
Standard library only, so that this import is quick.
"""

import os


def count_primes(limit: int) -> tuple[int, int]:
    """Count the prime numbers below a limit, in a way that keeps the processor busy.

    Args:
        limit: a number; two million keeps a processor busy for a second or two.

    Returns:
        The limit and the count, so that the result tells which call it is from.
    """
    primes: list[int] = []
    for number in range(2, limit):
        for prime in primes:
            if prime * prime > number:
                primes.append(number)
                break
            if number % prime == 0:
                break
        else:
            primes.append(number)
    return limit, len(primes)


def end_process() -> None:
    """End the process that runs this, as a crash would: without an exception, and without cleaning up."""
    os._exit(1)
