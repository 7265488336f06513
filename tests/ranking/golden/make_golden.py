"""Writes peers.json: answers of choix 0.4.1, evalica 0.4.2 and scikit-learn 1.9 on small seeded boards. Results of games:
0 left, 1 right, 2 tie. Scores are natural logarithms with mean zero."""
import json

import choix
import evalica
import numpy as np
import pandas
from sklearn.linear_model import LogisticRegression

W = evalica.Winner


def board(seed, items, games, ties):
    rng = np.random.RandomState(seed)
    left = rng.randint(items, size=games)
    right = (left + 1 + rng.randint(items - 1, size=games)) % items
    x = (left - right) / items
    u = rng.rand(games)
    tie = rng.rand(games) < ties
    result = np.where(tie, 2, np.where(u < 1 / (1 + np.exp(-2 * x)), 0, 1))
    return left, right, result


def centred(values):
    values = np.asarray(values, dtype=float)
    return (values - values.mean()).tolist()


def winners(result):
    return [(W.X, W.Y, W.Draw)[r] for r in result]


out = {"versions": {"choix": "0.4.1", "evalica": evalica.__version__}, "boards": []}
for seed, items, games, ties in ((1, 5, 200, 0.0), (2, 12, 900, 0.2), (3, 40, 3000, 0.1)):
    left, right, result = board(seed, items, games, ties)
    index = pandas.Index(range(items))
    entry = {"items": items, "left": left.tolist(), "right": right.tolist(), "result": result.tolist()}

    def scores(found):
        return found.scores.reindex(index).to_numpy()

    half = evalica.bradley_terry(left, right, winners(result), index=index, tolerance=1e-14, limit=100_000)
    entry["evalica_half"] = centred(np.log(scores(half)))
    entry["evalica_elo"] = scores(evalica.elo(left, right, winners(result), index=index, k=4, initial=1000)).tolist()
    if ties:
        tied = evalica.newman(left, right, winners(result), index=index, tolerance=1e-14, limit=100_000)
        entry["evalica_davidson"] = centred(np.log(scores(tied)))
        entry["evalica_nu"] = 2 * tied.v
    decided = [(l, r) if w == 0 else (r, l) for l, r, w in zip(left.tolist(), right.tolist(), result) if w != 2]
    entry["choix_drop"] = centred(choix.ilsr_pairwise(items, decided, alpha=0, tol=1e-13))
    entry["choix_gaussian"] = choix.opt_pairwise(items, decided, alpha=1 / (2 * 0.5), tol=1e-12).tolist()  # variance 0.5
    out["boards"].append(entry)

rng = np.random.RandomState(4)
theta = np.linspace(-1, 1, 8)
rankings = []
for _ in range(300):
    s = rng.permutation(8)[:rng.randint(2, 9)]
    rankings.append(s[np.argsort(-(theta[s] + rng.gumbel(size=len(s))))].tolist())
out["rankings"] = rankings
out["choix_rankings"] = centred(choix.ilsr_rankings(8, rankings, alpha=0, tol=1e-13))
out["choix_top1"] = centred(choix.ilsr_top1(8, [(r[0], r[1:]) for r in rankings], alpha=0, tol=1e-13))

left, right, result = board(5, 6, 800, 0.0)
features = rng.normal(size=(800, 2)) * [1, 30]
flip = rng.rand(800) < 0.3
result = np.where(flip, np.where(features @ [0.5, 0.02] > 0, 0, 1), result)
design = np.zeros((800, 5 + 2))  # the last item is the reference
for g in range(800):
    if left[g] < 5:
        design[g, left[g]] += 1
    if right[g] < 5:
        design[g, right[g]] -= 1
design[:, 5:] = features
fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-14, max_iter=10_000, solver="newton-cholesky").fit(
    design, result == 0)
out["features"] = {"items": 6, "left": left.tolist(), "right": right.tolist(), "result": result.tolist(),
                   "features": features.tolist(), "scores": centred(np.append(fit.coef_[0][:5], 0)),
                   "coefficients": fit.coef_[0][5:].tolist()}

with open("peers.json", "w") as file:
    json.dump(out, file, separators=(",", ":"))
    file.write("\n")
