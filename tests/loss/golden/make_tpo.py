"""Writes tpo.json: value and derivatives in chosen, rejected and gold of TPO's losses on single triples.
    python make_tpo.py    # trl 1.16.0, torch 2.15.0, mpmath 1.3.0
`exact`: the formulas in 50 digits, rounded to double. `trl`: TPOTrainer._compute_loss in float64 on a stand-in for the
trainer and a model of two tokens, whose logits are log p and log(1 - p); all tokens of a response are alike.
"""
import collections
import json
from types import SimpleNamespace as Fake

import mpmath
import torch
import trl
from trl.experimental.tpo.tpo_trainer import TPOTrainer

mpmath.mp.dps = 50
# log-probs of chosen, rejected and gold, tokens of each
TRIPLES = [(-12.5, -14, -9.25, 5, 7, 3), (-30.25, -28.5, -31, 12, 10, 40), (-8, -8, -1.5, 1, 1, 1),
           (-101.5, -40.75, -60.25, 40, 17, 25), (-20.5, -180, -95, 9, 64, 2), (-250, -1.5, -45.75, 100, 2, 33)]
identity = lambda x: x
accelerator = Fake(gather=identity, gather_for_metrics=identity)


def trl_tpo(loss, triple, parameters):
    sums = torch.tensor([float(x) for x in triple[:3]], dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor(triple[3:])
    mask = (torch.arange(1 + max(triple[3:])) > 0) & (torch.arange(1 + max(triple[3:])) <= lengths[:, None])
    log_p = (sums / lengths)[:, None].expand(mask.shape)
    logits = torch.stack([torch.log1p(-log_p.exp()), log_p], -1)
    metrics = collections.defaultdict(list)
    trainer = Fake(model=Fake(training=True), accelerator=accelerator, loss_type=loss, beta=parameters["beta"],
                   label_smoothing=parameters.get("label_smoothing", 0.0), tpo_alpha=parameters["tpo_alpha"],
                   tpo_l_gamma=parameters.get("tpo_l_gamma", 0.0), _metrics={"train": metrics}, _total_train_tokens=0,
                   _tp_size=1)
    inputs = dict(input_ids=torch.ones(mask.shape, dtype=torch.long), attention_mask=torch.ones(mask.shape),
                  completion_mask=mask.long())
    value = TPOTrainer._compute_loss(trainer, lambda **_: Fake(logits=logits), inputs, False)
    return [value.item(), *torch.autograd.grad(value, sums)[0].tolist()]


def exact_tpo(loss, triple, parameters):
    beta, alpha = (mpmath.mpf(parameters[name]) for name in ("beta", "tpo_alpha"))
    e, gamma = (mpmath.mpf(parameters.get(name, 0)) for name in ("label_smoothing", "tpo_l_gamma"))
    nc, nr, ng = triple[3:]

    def value(c, r, g):
        x = c / nc - r / nr if loss in ("ipo", "tpo-l") else c - r
        logistic = lambda z: (1 - e) * mpmath.log(1 + mpmath.exp(-z)) + e * mpmath.log(1 + mpmath.exp(z))
        contrast = {"sigmoid": lambda: logistic(beta * x), "tpo-l": lambda: logistic(beta * x - gamma),
                    "hinge": lambda: max(mpmath.mpf(0), 1 - beta * x), "ipo": lambda: (x - 1 / (2 * beta)) ** 2}
        return contrast[loss]() - alpha * g / ng

    at = tuple(mpmath.mpf(x) for x in triple[:3])
    derivatives = [mpmath.diff(value, at, tuple(int(i == k) for i in range(3))) for k in range(3)]
    return [float(x) for x in (value(*at), *derivatives)]


cases = []
for beta in (0.01, 0.5):
    for alpha in (1.0, 0.25):
        for name, loss, more in (("tpo", "sigmoid", {}), ("tpo", "sigmoid", dict(label_smoothing=0.125)),
                                 ("tpo_hinge", "hinge", {}), ("tpo_ipo", "ipo", {}),
                                 ("tpo_l", "tpo-l", dict(label_smoothing=0.125, tpo_l_gamma=0.75))):
            parameters = dict(beta=beta, tpo_alpha=alpha, **more)
            cases.append(dict(loss=name, parameters=parameters,
                              exact=[exact_tpo(loss, triple, parameters) for triple in TRIPLES],
                              trl=[trl_tpo(loss, triple, parameters) for triple in TRIPLES]))
json.dump(dict(trl=trl.__version__, torch=torch.__version__, mpmath=mpmath.__version__, triples=TRIPLES, cases=cases),
          open("tpo.json", "w"), separators=(",", ":"))
