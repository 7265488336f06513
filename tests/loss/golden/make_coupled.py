"""Writes coupled.json: value and gradient of peers' losses that couple a batch, or are unpaired, in float64.
    python make_coupled.py TRL_0_28    # trl 1.16.0, torch 2.15.0; TRL_0_28: the unpacked wheel of trl 0.28.0
TRL 1.16 has no functions for them: _compute_loss of its trainers runs on a stand-in for the trainer and a model that
returns given log-probs, all of a completion's in its first token. BCO with its running mean is TRL 0.28's, whose
`bco_loss` and `RunningMoments` are taken from the source (they round the mean to float). TRL divides by the number of
pairs or completions, and so do the gradients here.
"""
import ast
import collections
import dataclasses
import json
import math
import sys
from types import SimpleNamespace as Fake

import torch
import torch.nn.functional as F
import trl
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.kto_trainer import KTOTrainer

# chosen, rejected, reference chosen, reference rejected, tokens of both; the last two tie in every sort
PAIRS = [(-12.5, -14, -13, -13.5, 5, 7), (-30.25, -28.5, -29, -29.5, 12, 10), (-8, -9.5, -8, -8, 1, 1),
         (-101.5, -40.75, -60.25, -61, 40, 17), (-20.5, -80, -45, -33.25, 9, 64), (-3, -2, -2.5, -4, 2, 2),
         (-50, -41.5, -45.75, -43.125, 100, 2), (-640.5, -600.25, -641, -601.5, 300, 200)]
# log-prob, reference log-prob, desirable, mismatched log-prob, mismatched reference log-prob
COMPLETIONS = [(-12.5, -13, True, -40.5, -41), (-30.25, -29, False, -33, -36.25), (-8, -8, True, -90, -80.5),
               (-101.5, -60.25, False, -55.25, -54), (-20.5, -45, True, -61, -75.125), (-3, -2.5, True, -7, -9)]
identity = lambda x: x
accelerator = Fake(device=torch.device("cpu"), gather=identity, gather_for_metrics=identity, unwrap_model=identity,
                   use_distributed=False)
double = lambda values: torch.tensor([float(x) for x in values], dtype=torch.float64)


def batch_of(log_probs, lengths):
    """Log-probs with all of a completion's in its first token, and the mask of completions."""
    mask = torch.zeros(len(lengths), 1 + max(lengths), dtype=torch.long)
    for row, length in enumerate(lengths):
        mask[row, 1:1 + length] = 1
    logps = torch.zeros(len(lengths), max(lengths), dtype=torch.float64)
    logps[:, 0] = log_probs
    zeros = torch.zeros_like(logps)
    logps.requires_grad_()
    model = lambda **_: Fake(log_probs=logps, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool(),
                             log_sum_sq_probs=zeros)
    return logps, mask, model


def dpo(losses, weights, beta, smoothing=0.0):
    c, r, c0, r0, nc, nr = zip(*PAIRS)
    logps, mask, model = batch_of(double(c + r), nc + nr)
    metrics = collections.defaultdict(list)
    trainer = Fake(model=torch.nn.Linear(1, 1), accelerator=accelerator, beta=beta, loss_types=losses,
                   loss_weights=weights, label_smoothing=smoothing, ld_alpha=None, f_divergence_type="reverse_kl",
                   f_alpha_divergence_coef=0.5, use_weighting=False, precompute_ref_logps=True,
                   aux_loss_enabled=False, args=Fake(discopop_tau=0.05), _metrics={"train": metrics, "eval": metrics},
                   _total_train_tokens=0, _tp_size=1)
    inputs = dict(input_ids=torch.zeros_like(mask), attention_mask=torch.ones_like(mask), completion_mask=mask,
                  ref_chosen_logps=double(c0), ref_rejected_logps=double(r0))
    value = DPOTrainer._compute_loss(trainer, model, inputs, False)
    gradient, = torch.autograd.grad(value, logps)
    n = len(PAIRS)
    return dict(value=value.item(), chosen=gradient[:n, 0].tolist(), rejected=gradient[n:, 0].tolist())


def kto(loss, beta, desirable, undesirable, completions):
    p, p0, labels, kl, kl0 = zip(*completions)
    logps, mask, model = batch_of(double(p), [3] * len(p))
    metrics = collections.defaultdict(list)
    trainer = Fake(model=torch.nn.Linear(1, 1), accelerator=accelerator, beta=beta, loss_type=loss,
                   desirable_weight=desirable, undesirable_weight=undesirable, calculate_KL=loss == "kto",
                   precompute_ref_logps=True, aux_loss_enabled=False, args=Fake(),
                   _metrics={"train": metrics, "eval": metrics}, _total_train_tokens=0, _tp_size=1,
                   _compute_kl_logps=lambda *_: double(kl))
    inputs = dict(input_ids=torch.zeros_like(mask), attention_mask=torch.ones_like(mask), completion_mask=mask,
                  label=torch.tensor(labels), ref_logps=double(p0), ref_KL_logps=double(kl0))
    value = KTOTrainer._compute_loss(trainer, model, inputs, False)
    gradient, = torch.autograd.grad(value, logps)
    means = {name: metrics[name][0] for name in ("kl", "rewards/chosen", "rewards/rejected") if metrics[name]}
    return dict(value=value.item(), gradient=gradient[:, 0].tolist(), metrics=means)


def function_of(path, name, scope):
    """A function or class of a source file without what the file imports."""
    tree = ast.parse(open(path).read())
    found = next(node for node in ast.walk(tree)
                 if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name)
    exec(compile(ast.Module(body=[found], type_ignores=[]), path, "exec"), scope)
    return scope[name]


scope = dict(torch=torch, F=F, dataclass=dataclasses.dataclass, Accelerator=object, json=json, dataclasses=dataclasses)
RunningMoments = function_of(sys.argv[1] + "/trl/trainer/utils.py", "RunningMoments", scope)
bco_loss = function_of(sys.argv[1] + "/trl/experimental/bco/bco_trainer.py", "bco_loss", scope)


def bco(beta, batches, weights=None):
    """The batches one after the other, the mean running along."""
    trainer = Fake(beta=beta, running=RunningMoments(accelerator), match_underlying_distribution=weights is not None,
                   _get_udm_weight=lambda _: double(weights))
    results = []
    for batch in batches:
        p = double(x[0] for x in batch).requires_grad_()
        p0 = double(x[1] for x in batch)
        good = torch.tensor([x[2] for x in batch])
        losses, _, _, delta = bco_loss(trainer, p[good], p[~good], p0[good], p0[~good], None, None)
        gradient, = torch.autograd.grad(losses.mean(), p)
        results.append(dict(value=losses.mean().item(), gradient=gradient.tolist(), delta=delta.item()))
    return results


def dr_dpo(beta, beta_prime):
    """The authors' formula: −β' log mean exp(−l / β')."""
    c, r, c0, r0, _, _ = map(double, zip(*PAIRS))
    c.requires_grad_(), r.requires_grad_()
    losses = -F.logsigmoid(beta * (c - r - (c0 - r0)))
    value = -beta_prime * (torch.logsumexp(-losses / beta_prime, 0) - math.log(len(PAIRS)))
    dc, dr = torch.autograd.grad(value, (c, r))
    return dict(value=value.item(), chosen=dc.tolist(), rejected=dr.tolist())


coupled, unpaired = [], []
for beta in (0.1, 0.5):
    for loss in ("aot", "aot_unpaired"):
        for smoothing in (0.0, 0.125):
            coupled.append(dict(loss=loss, parameters=dict(beta=beta, label_smoothing=smoothing),
                                **dpo([loss], [1.0], beta, smoothing)))
    for beta_prime in (0.5, 2.0):
        coupled.append(dict(loss="dr_dpo", parameters=dict(beta=beta, beta_prime=beta_prime),
                            **dr_dpo(beta, beta_prime)))
    for name, completions in (("all", COMPLETIONS), ("desirable", [x for x in COMPLETIONS if x[2]]),
                              ("negative", [x[:3] + (x[4], x[3]) for x in COMPLETIONS])):
        for weights in ((1.0, 1.0), (1.5, 0.75)):
            for loss in ("kto", "apo_zero_unpaired"):
                unpaired.append(dict(loss=loss, beta=beta, desirable_weight=weights[0], undesirable_weight=weights[1],
                                     completions=completions, **kto(loss, beta, *weights, completions)))
coupled.append(dict(loss="sft_token_mean", parameters={}, **dpo(["sft"], [1.0], 0.1)))
for beta in (0.1, 0.5):
    coupled.append(dict(loss="mpo_token_mean", parameters=dict(beta=beta),
                        **dpo(["sigmoid", "bco_pair", "sft"], [0.8, 0.2, 1.0], beta)))
batches = [COMPLETIONS[:4], COMPLETIONS[3:], COMPLETIONS]
json.dump(dict(trl=trl.__version__, torch=torch.__version__, pairs=PAIRS, coupled=coupled, unpaired=unpaired,
               bco=[dict(beta=beta, batches=batches, steps=bco(beta, batches)) for beta in (0.1, 0.5)]),
          open("coupled.json", "w"), separators=(",", ":"))
