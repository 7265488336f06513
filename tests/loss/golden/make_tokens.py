"""Writes tokens.json: value and gradient of token-level losses on one batch of pairs, in float64.
    python make_tokens.py TDPO_TRAINERS    # trl 1.16.0, torch 2.15.0
DPOTrainer._compute_loss of TRL runs on a stand-in for the trainer and models that return given per-token numbers, with
two prompt tokens in front and padding behind. TDPO_TRAINERS is the trainers.py of the authors' repository
(Vance0124/Token-level-Direct-Preference-Optimization), of which the function tdpo_loss is called. Values are means over
the pairs, gradients those of the mean, per token of each response.
"""
import ast
import collections
import json
import sys
from types import SimpleNamespace as Fake

import numpy as np
import torch
import torch.nn.functional as F
import trl
from trl.trainer.dpo_trainer import DPOTrainer

LENGTHS = [(5, 3), (2, 6), (4, 4), (1, 1), (12, 9)]
PROMPT, LONGEST = 2, 12
random = np.random.default_rng(7)
draw = lambda low, high, n: [round(float(x), 3) for x in random.uniform(low, high, n)]
pairs = []
for lengths in LENGTHS:
    pair = {}
    for name, n in zip(("chosen", "rejected"), lengths):
        pair[name] = dict(policy=draw(-4, -0.05, n), reference=draw(-4, -0.05, n), log_sum_squares=draw(-3, -0.1, n),
                          divergence=draw(0, 0.8, n))
    pairs.append(pair)


def padded(column):
    """2n x (prompt + longest - 1): chosen responses above rejected ones, as TRL stacks them."""
    rows = [pair[side][column] for side in ("chosen", "rejected") for pair in pairs]
    return torch.tensor([[0.0] * (PROMPT - 1) + row + [0.0] * (LONGEST - len(row)) for row in rows],
                        dtype=torch.float64)


def rows(gradient):
    lengths = [n for side in zip(*LENGTHS) for n in side]
    cut = [gradient[i, PROMPT - 1:PROMPT - 1 + n].tolist() for i, n in enumerate(lengths)]
    return dict(chosen=cut[:len(pairs)], rejected=cut[len(pairs):])


identity = lambda x: x
accelerator = Fake(device=torch.device("cpu"), gather=identity, gather_for_metrics=identity, unwrap_model=identity)
module = torch.nn.Linear(1, 1)
module.is_gradient_checkpointing = False
lengths = torch.tensor([n for side in zip(*LENGTHS) for n in side])
position = torch.arange(PROMPT + LONGEST)
mask = ((position >= PROMPT) & (position < PROMPT + lengths[:, None])).long()


def dpo(losses, weights, beta, smoothing, ld_alpha, weighting):
    logps = padded("policy").requires_grad_()
    zeros = torch.zeros_like(logps)
    answer = lambda values: Fake(log_probs=values, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool(),
                                 log_sum_sq_probs=padded("log_sum_squares"))
    metrics = collections.defaultdict(list)
    trainer = Fake(model=module, ref_model=lambda **_: answer(padded("reference")), accelerator=accelerator, beta=beta,
                   loss_types=losses, loss_weights=weights, label_smoothing=smoothing, ld_alpha=ld_alpha,
                   f_divergence_type="reverse_kl", f_alpha_divergence_coef=0.5, use_weighting=weighting,
                   precompute_ref_logps=False, aux_loss_enabled=False,
                   args=Fake(discopop_tau=0.05, gradient_checkpointing_kwargs=None),
                   _metrics={"train": metrics, "eval": metrics}, _total_train_tokens=0, _tp_size=1)
    inputs = dict(input_ids=torch.zeros_like(mask), attention_mask=torch.ones_like(mask), completion_mask=mask)
    value = DPOTrainer._compute_loss(trainer, lambda **_: answer(logps), inputs, False)
    gradient, = torch.autograd.grad(value, logps)
    return dict(value=value.item(), gradient=rows(gradient),
                rewards_chosen=metrics["rewards/chosen"][0], rewards_rejected=metrics["rewards/rejected"][0])


def tdpo(function, beta, alpha, second):
    policy, divergence = padded("policy").requires_grad_(), padded("divergence").requires_grad_()
    margin = (policy - padded("reference")).sum(-1)
    kl = divergence.sum(-1)
    n = len(pairs)
    losses, _, _ = function(margin[:n], margin[n:], kl[:n], kl[n:], beta=beta, alpha=alpha, if_tdpo2=second)
    value = losses.mean()
    gradients = torch.autograd.grad(value, (policy, divergence))
    return dict(value=value.item(), gradient=rows(gradients[0]), divergence_gradient=rows(gradients[1]))


cases = []
for loss in ("sigmoid", "hinge", "ipo", "sigmoid_norm", "robust", "bco_pair", "sppo_hard", "discopop"):
    smoothing = 0.125 if loss == "robust" else 0.0
    for beta in (0.1, 0.5) if loss == "sigmoid" else (0.1,):
        for ld_alpha in (None, 0.0, 0.3, 1.0):
            for weighting in (False, True):
                if weighting and loss == "hinge":
                    continue  # TRL multiplies in place what autograd needs
                case = dict(loss=loss, beta=beta, label_smoothing=smoothing, weighting=weighting)
                if ld_alpha is not None:
                    case["ld_alpha"] = ld_alpha
                cases.append(case | dpo([loss], [1.0], beta, smoothing, ld_alpha, weighting))
cases.append(dict(loss="sft", beta=0.1, weighting=False) | dpo(["sft"], [1.0], 0.1, 0.0, None, False))
source = ast.parse(open(sys.argv[1]).read())
chosen = [node for node in source.body if isinstance(node, ast.FunctionDef) and node.name == "tdpo_loss"]
names = dict(torch=torch, F=F, Tuple=tuple)
exec(compile(ast.Module(chosen, []), sys.argv[1], "exec"), names)
for beta in (0.1, 0.5):
    for alpha in (0.5, 2.0):
        for second in (False, True):
            if second or alpha == 0.5:
                cases.append(dict(loss="tdpo2" if second else "tdpo1", beta=beta, alpha=alpha,
                                  **tdpo(names["tdpo_loss"], beta, alpha, second)))
# Gradients are equal along a response but for the tail of LD-DPO: its first and last token tell all.
for case in cases:
    for gradient in ("gradient", "divergence_gradient"):
        for side, found in case.get(gradient, {}).items():
            case[gradient][side] = [[row[0], row[-1]] for row in found]
json.dump(dict(trl=trl.__version__, torch=torch.__version__, pairs=pairs, cases=cases), open("tokens.json", "w"),
          separators=(",", ":"))
