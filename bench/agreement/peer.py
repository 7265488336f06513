"""Seconds that scikit-learn, krippendorff and scipy take on a million units, best of three: one line per metric. What is
not installed is left out. Inputs are made as in coefficients.cpp, by numpy's generator."""
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")
UNITS = 1_000_000
rng = np.random.default_rng(1)
truth = rng.integers(0, 5, UNITS)
a, b, c = (np.where(rng.random(UNITS) < 0.3, rng.integers(0, 5, UNITS), truth) for _ in range(3))
positive = rng.random(UNITS) < 0.5
x = rng.normal(size=UNITS) + positive
y = x + rng.normal(size=UNITS)


def show(name, call):
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    print(name, best, flush=True)


try:
    from sklearn.metrics import cohen_kappa_score, roc_auc_score
    show("kappa", lambda: cohen_kappa_score(a, b))
    show("auc", lambda: roc_auc_score(positive, x))
except ImportError:
    pass
try:
    import krippendorff
    table = np.stack([a, b, c]).astype(float)
    show("alpha", lambda: krippendorff.alpha(table, level_of_measurement="nominal"))
except ImportError:
    pass
try:
    from scipy.stats import kendalltau
    for name, scores in (("tau_b", x), ("tau_b_ties", np.round(x)), ("tau_b_clusters", np.exp(60 * x)),
                         ("tau_b_constant", np.ones(UNITS))):
        show(name, lambda: kendalltau(scores, y))
except ImportError:
    pass
