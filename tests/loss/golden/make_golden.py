"""Writes trl.json: value and gradient of TRL's losses on single pairs, in float64.
    python make_golden.py    # trl 1.16.0, torch 2.15.0
TRL has no function for its DPO losses: DPOTrainer._compute_loss runs on a stand-in for the trainer and a model that
returns given log-probs, all of a completion's in its first token. CPO and ORPO have one; ORPO casts to float. NaN and
infinities of TRL (DiscoPOP, forward KL and AlphaPO overflow) are null.
"""
import collections
import json
import math
from types import SimpleNamespace as Fake

import torch
import trl
from trl.experimental.cpo.cpo_trainer import CPOTrainer
from trl.experimental.orpo.orpo_trainer import ORPOTrainer
from trl.trainer.dpo_trainer import DPOTrainer

# chosen, rejected, reference chosen, reference rejected, tokens of both
PAIRS = [(-12.5, -14, -13, -13.5, 5, 7), (-30.25, -28.5, -29, -29.5, 12, 10), (-8, -8, -8, -8, 1, 1),
         (-101.5, -40.75, -60.25, -61, 40, 17), (-20.5, -180, -95, -33.25, 9, 64), (-3, -2, -2.5, -4, 2, 2),
         (-250, -1.5, -45.75, -3.125, 100, 2), (-640.5, -300.25, -641, -301.5, 300, 200)]
identity = lambda x: x
accelerator = Fake(device=torch.device("cpu"), gather=identity, gather_for_metrics=identity, unwrap_model=identity)


def dpo(loss, pair, beta, smoothing, divergence):
    c, r, c0, r0, nc, nr = pair
    length = 1 + max(nc, nr)
    logps = torch.zeros(2, length - 1, dtype=torch.float64)
    logps[0, 0], logps[1, 0] = c, r
    logps.requires_grad_()
    mask = torch.zeros(2, length, dtype=torch.long)
    mask[0, 1:1 + nc], mask[1, 1:1 + nr] = 1, 1
    zeros = torch.zeros(2, length - 1, dtype=torch.float64)
    model = lambda **_: Fake(log_probs=logps, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool(),
                             log_sum_sq_probs=zeros)
    metrics = collections.defaultdict(list)
    trainer = Fake(model=torch.nn.Linear(1, 1), accelerator=accelerator, beta=beta, loss_types=[loss],
                   loss_weights=[1.0], label_smoothing=smoothing, ld_alpha=None, f_divergence_type=divergence,
                   f_alpha_divergence_coef=0.5, use_weighting=False, precompute_ref_logps=True,
                   aux_loss_enabled=False, args=Fake(discopop_tau=0.05), _metrics={"train": metrics, "eval": metrics},
                   _total_train_tokens=0, _tp_size=1)
    inputs = dict(input_ids=torch.zeros(2, length, dtype=torch.long), attention_mask=torch.ones_like(mask),
                  completion_mask=mask, ref_chosen_logps=torch.tensor([c0], dtype=torch.float64),
                  ref_rejected_logps=torch.tensor([r0], dtype=torch.float64))
    value = DPOTrainer._compute_loss(trainer, model, inputs, False)
    gradient, = torch.autograd.grad(value, logps)
    return [value.item(), gradient[0, 0].item(), gradient[1, 0].item()]


def cpo(loss, pair, beta, smoothing, alpha=0.0):
    c = torch.tensor([float(pair[0])], dtype=torch.float64, requires_grad=True)
    r = torch.tensor([float(pair[1])], dtype=torch.float64, requires_grad=True)
    mean = loss == "simpo"
    trainer = Fake(alpha=alpha, accelerator=accelerator, loss_type=loss, simpo_gamma=0.5, beta=beta,
                   label_smoothing=smoothing)
    value = CPOTrainer.cpo_loss(trainer, c / pair[4] if mean else c, r / pair[5] if mean else r)[0].sum()
    return [value.item(), *(g.item() for g in torch.autograd.grad(value, (c, r)))]


def orpo(pair, beta):
    c = torch.tensor([float(pair[0])], dtype=torch.float64, requires_grad=True)
    r = torch.tensor([float(pair[1])], dtype=torch.float64, requires_grad=True)
    ratio = ORPOTrainer.odds_ratio_loss(Fake(beta=beta, accelerator=accelerator), c / pair[4], r / pair[5])[0].sum()
    value = -(c / pair[4]).sum() - ratio
    return [value.item(), *(g.item() for g in torch.autograd.grad(value, (c, r)))]


cases = []
finite = lambda values: [x if math.isfinite(x) else None for x in values]


def add(name, loss, parameters, compute):
    try:
        cases.append(dict(loss=name, parameters=parameters, values=[finite(compute(pair)) for pair in PAIRS]))
    except Exception as failure:
        print(name, parameters, "left out:", type(failure).__name__, failure)


for beta in (0.1, 0.5):
    for loss in ("sigmoid", "hinge", "ipo", "sigmoid_norm", "exo_pair", "robust", "discopop", "nca_pair", "bco_pair",
                 "sppo_hard", "apo_zero", "apo_down", "sft"):
        parameters = {} if loss == "sft" else {"beta": beta}
        smoothing = 0.125 if loss in ("exo_pair", "robust") else 0.0
        if smoothing:
            parameters["label_smoothing"] = smoothing
        for divergence in ("reverse_kl", "forward_kl", "js_divergence"):
            if divergence != "reverse_kl" and loss in ("nca_pair", "bco_pair", "sppo_hard", "apo_zero", "apo_down",
                                                       "sft"):
                continue
            given = dict(parameters, **({} if divergence == "reverse_kl" else {"f_divergence_type": divergence}))
            add(loss, loss, given, lambda pair: dpo(loss, pair, beta, smoothing, divergence))
    add("cpo", "sigmoid", {"beta": beta, "label_smoothing": 0.125, "cpo_alpha": 0.0},
        lambda pair: cpo("sigmoid", pair, beta, 0.125))
    add("simpo", "simpo", {"beta": beta, "simpo_gamma": 0.5}, lambda pair: cpo("simpo", pair, beta, 0.0))
    add("alphapo", "simpo", {"beta": beta, "simpo_gamma": 0.5, "alpha": 0.25},
        lambda pair: cpo("simpo", pair, beta, 0.0, 0.25))
    add("orpo", "orpo", {"beta": beta}, lambda pair: orpo(pair, beta))
json.dump(dict(trl=trl.__version__, torch=torch.__version__, pairs=PAIRS, cases=cases), open("trl.json", "w"),
          separators=(",", ":"))
