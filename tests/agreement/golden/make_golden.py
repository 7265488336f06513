"""Writes peers.json: answers of scikit-learn, scipy, statsmodels, krippendorff and pingouin on small seeded inputs.
irrcac.json holds those of irrCAC, which needs numpy below 2 and hence an environment of its own:
    python make_golden.py peers    # scikit-learn 1.9, scipy 1.17, statsmodels 0.15, krippendorff 0.9, pingouin 0.6
    python make_golden.py irrcac   # irrCAC 0.4.4
"""
import json
import sys

import numpy as np

missing = np.nan
HAYES = np.array([  # Krippendorff (2011), "Computing Krippendorff's alpha-reliability": 4 observers x 12 units
    [1, 2, 3, 3, 2, 1, 4, 1, 2, missing, missing, missing],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, missing, 3],
    [missing, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, missing],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, missing]])


def random_ratings(seed, units, raters, categories, noise, absent):
    """raters x units, categories 1 .. q, NaN where missing."""
    rng = np.random.RandomState(seed)
    truth = rng.randint(categories, size=units)
    rows = []
    for _ in range(raters):
        row = np.where(rng.rand(units) < noise, rng.randint(categories, size=units), truth).astype(float) + 1
        row[rng.rand(units) < absent] = missing
        rows.append(row)
    return np.array(rows)


DATA = {"hayes": HAYES, "four_raters": random_ratings(1, 40, 4, 5, 0.5, 0.2),
        "three_complete": random_ratings(2, 30, 3, 4, 0.4, 0), "two_raters": random_ratings(3, 50, 2, 3, 0.5, 0),
        "many_categories": random_ratings(4, 60, 6, 9, 0.6, 0.3)}


def plain(x):
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple, np.ndarray)):
        return [plain(v) for v in x]
    if isinstance(x, (float, np.floating)):
        return None if np.isnan(x) else float(x)
    if isinstance(x, (int, np.integer)):
        return int(x)
    return x


def write(name, content):
    with open(name, "w") as out:
        out.write("{\n" + ",\n".join(f" {json.dumps(k)}: {json.dumps(plain(v))}" for k, v in content.items()) + "\n}\n")


def irrcac():
    import pandas
    from irrCAC.raw import CAC
    result = {}
    for name, data in DATA.items():
        frame = pandas.DataFrame(data.T)
        categories = sorted(float(x) for x in np.unique(data[~np.isnan(data)]))
        answers = {}
        for weights in ("identity", "linear", "quadratic", "ordinal", "ratio"):
            cac = CAC(frame, weights=weights, categories=categories, digits=14)
            answers[weights] = {}
            for method in ("fleiss", "conger", "gwet", "bp", "krippendorff"):
                e = getattr(cac, method)()["est"]
                low, high = e["confidence_interval"]
                answers[weights][method] = {"value": float(e["coefficient_value"]), "se": float(e["se"]), "pa": float(e["pa"]),
                                            "pe": float(e["pe"]), "low": float(low), "high": float(high)}
        result[name] = {"categories": categories, "ratings": data, "answers": answers}
    write("irrcac.json", result)


def peers():
    import krippendorff
    import pingouin
    import pandas
    from scipy import stats
    from sklearn import isotonic, linear_model, metrics
    from statsmodels.stats import contingency_tables, inter_rater
    import statsmodels.api as sm
    result = {}
    result["alpha"] = {
        name: {level: krippendorff.alpha(data, level_of_measurement=level) for level in ("nominal", "ordinal", "interval", "ratio")}
        for name, data in DATA.items()}
    rng = np.random.RandomState(7)
    continuous = np.round(rng.randn(25)[None, :] + 0.5 * rng.randn(4, 25) + 10, 3)
    continuous[rng.rand(4, 25) < 0.15] = missing
    result["continuous"] = {"ratings": continuous,
                            **{level: krippendorff.alpha(continuous, level_of_measurement=level) for level in ("ordinal", "interval", "ratio")}}

    a, b = DATA["two_raters"].astype(int)
    table = metrics.confusion_matrix(a, b)
    kappa = inter_rater.cohens_kappa(table)
    result["cohen"] = {"identity": metrics.cohen_kappa_score(a, b), "linear": metrics.cohen_kappa_score(a, b, weights="linear"),
                       "quadratic": metrics.cohen_kappa_score(a, b, weights="quadratic"), "se": kappa.std_kappa,
                       "linear_se": inter_rater.cohens_kappa(table, wt="linear").std_kappa,
                       "quadratic_se": inter_rater.cohens_kappa(table, wt="quadratic").std_kappa}
    counts = inter_rater.aggregate_raters(DATA["three_complete"].T)[0]
    result["fleiss"] = {"fleiss": inter_rater.fleiss_kappa(counts), "randolph": inter_rater.fleiss_kappa(counts, method="randolph")}

    square = contingency_tables.SquareTable(table, shift_zeros=False)
    homogeneity = {}
    for method in ("stuart_maxwell", "bhapkar"):
        h = square.homogeneity(method=method)
        homogeneity[method] = {"statistic": h.statistic, "degrees": h.df, "p_value": h.pvalue}
    result["homogeneity"] = homogeneity
    result["mcnemar"] = [{"exact": e, "correction": c, "statistic": m.statistic, "p_value": m.pvalue}
                         for e, c in ((True, False), (False, False), (False, True))
                         for m in [contingency_tables.mcnemar([[101, 121], [59, 33]], exact=e, correction=c)]]

    shrout = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
    noisy = np.round(rng.randn(15, 1) + 0.8 * rng.randn(15, 3) + np.array([0, 0.5, -0.3]), 3)
    icc = {}
    for name, data in (("shrout_fleiss", shrout), ("noisy", noisy)):
        n, k = data.shape
        frame = pandas.DataFrame({"unit": np.repeat(np.arange(n), k), "rater": np.tile(np.arange(k), n), "rating": data.ravel()})
        out = pingouin.intraclass_corr(frame, targets="unit", raters="rater", ratings="rating")
        ci = [c for c in out.columns if c.startswith("CI")][0]
        icc[name] = {"ratings": data, "types": list(out["Type"]), "values": list(out["ICC"]),
                     "bounds": [[float(x) for x in bound] for bound in out[ci]]}
    result["icc"] = icc

    x = np.round(rng.randn(60), 1)
    y = np.round(x + rng.randn(60), 1)
    tau = stats.kendalltau(x, y, method="asymptotic")
    result["rank"] = {"x": x, "y": y, "tau_b": tau[0], "tau_b_p": tau[1], "spearman": stats.spearmanr(x, y)[0],
                      "spearman_p": stats.spearmanr(x, y)[1], "pearson": stats.pearsonr(x, y)[0], "pearson_p": stats.pearsonr(x, y)[1],
                      "pearson_bounds": list(stats.pearsonr(x, y).confidence_interval()), "somers_d": stats.somersd(x, y).statistic,
                      "midranks": stats.rankdata(x)}

    p = np.round(rng.rand(80), 3) * 0.98 + 0.01
    outcome = (rng.rand(80) < p ** 1.5).astype(int)
    result["probability"] = {"p": p, "outcome": outcome, "auc": metrics.roc_auc_score(outcome, p), "brier": metrics.brier_score_loss(outcome, p),
                             "nll": metrics.log_loss(outcome, p, labels=[0, 1])}
    fit = isotonic.IsotonicRegression(out_of_bounds="clip")
    coarse, weight = np.round(p, 1), 1 + (np.arange(80) % 3)
    fit.fit(coarse, outcome, sample_weight=weight)
    at = np.linspace(-0.1, 1.1, 25)
    result["isotonic"] = {"x": coarse, "y": outcome, "weight": weight, "at": at, "value": fit.predict(at)}

    margin = np.round(np.log(p / (1 - p)), 6)
    logistic = linear_model.LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, max_iter=10000).fit(margin[:, None], outcome)
    result["temperature"] = {"margin": margin, "outcome": outcome, "temperature": 1 / logistic.coef_[0, 0]}

    length = np.round(100 * rng.randn(120))
    won = rng.rand(120) < 1 / (1 + np.exp(-(0.3 + 0.8 * np.tanh(length / length.std()))))
    y = won.astype(float)
    y[::9] = 0.5
    design = np.column_stack([np.ones(120), np.tanh(length / length.std(ddof=1))])
    glm = sm.GLM(y, design, family=sm.families.Binomial()).fit(tol=1e-14, maxiter=200, cov_type="HC0")
    result["length_control"] = {"length": length, "outcome": y, "coefficients": glm.params, "hc0": glm.bse}

    cluster = np.arange(90) % 13
    values = np.round(rng.randn(90) + 0.6 * rng.randn(13)[cluster], 3)
    ols = sm.OLS(values, np.ones(90)).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    result["clustered"] = {"values": values, "cluster": cluster, "mean": ols.params[0], "se": ols.bse[0]}
    write("peers.json", result)


if __name__ == "__main__":
    {"peers": peers, "irrcac": irrcac}[sys.argv[1]]()
