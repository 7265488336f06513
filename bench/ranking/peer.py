"""Seconds that evalica and choix take to fit Bradley-Terry to games from raw integer arrays: one line per peer and size.
What is not installed is left out. Games are made as in fit.cpp, by numpy's generator; evalica stops at 1e-12 relative
change of its scores, or at its default tolerance in the line named evalica_default."""
import time

import numpy as np


def games(items, count):
    rng = np.random.default_rng(1)
    left = rng.integers(0, items, count)
    right = (left + 1 + rng.integers(0, items - 1, count)) % items
    win = rng.random(count) < 1 / (1 + np.exp(-2 * (left - right) / items))
    return left, right, win


def show(name, call, repeats=3):
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    print(name, best, flush=True)


for items in (100, 1000):
    count = 1_000_000
    left, right, win = games(items, count)
    try:
        import evalica
        import pandas
        winners = [evalica.Winner.X if w else evalica.Winner.Y for w in win]
        index = pandas.Index(range(items))
        for name, options in (("evalica", {"tolerance": 1e-12, "limit": 10_000}), ("evalica_default", {})):
            show(f"{name}/{items}/{count}",
                 lambda: evalica.bradley_terry(left, right, winners, index=index, **options))
    except ImportError:
        pass
    try:
        import choix
        pairs = np.stack([np.where(win, left, right), np.where(win, right, left)], axis=1).tolist()
        show(f"choix/{items}/{count}", lambda: choix.ilsr_pairwise(items, pairs, alpha=0, tol=1e-10), 1)
    except ImportError:
        pass
