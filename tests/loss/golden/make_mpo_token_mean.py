"""Writes mpo_token_mean.json: value and gradient of a batch under TRL's MPO, in float64.
    python make_mpo_token_mean.py    # trl 1.16.0, torch 2.15.0
DPOTrainer._compute_loss runs on a stand-in for the trainer and a model that returns given log-probs, all of a
completion's in its first token. Its `sft` is the mean over the chosen tokens of the batch.
"""
import collections
import json
from types import SimpleNamespace as Fake

import torch
import trl
from trl.trainer.dpo_trainer import DPOTrainer

# chosen, rejected, reference chosen, reference rejected, tokens of both
PAIRS = [(-12.5, -14, -13, -13.5, 5, 7), (-30.25, -28.5, -29, -29.5, 12, 10), (-8, -9.5, -8, -8, 1, 1),
         (-101.5, -40.75, -60.25, -61, 40, 17), (-20.5, -80, -45, -33.25, 9, 64),
         (-640.5, -600.25, -641, -601.5, 300, 200)]
LOSSES, WEIGHTS = ["sigmoid", "bco_pair", "sft"], [0.8, 0.2, 1.0]
identity = lambda x: x
accelerator = Fake(device=torch.device("cpu"), gather=identity, gather_for_metrics=identity, unwrap_model=identity)
double = lambda values: torch.tensor([float(x) for x in values], dtype=torch.float64)


def mpo(beta):
    chosen, rejected, reference_chosen, reference_rejected, chosen_tokens, rejected_tokens = zip(*PAIRS)
    lengths = chosen_tokens + rejected_tokens
    mask = torch.zeros(len(lengths), 1 + max(lengths), dtype=torch.long)
    for row, length in enumerate(lengths):
        mask[row, 1:1 + length] = 1
    logps = torch.zeros(len(lengths), max(lengths), dtype=torch.float64)
    logps[:, 0] = double(chosen + rejected)
    zeros = torch.zeros_like(logps)
    logps.requires_grad_()
    model = lambda **_: Fake(log_probs=logps, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool(),
                             log_sum_sq_probs=zeros)
    metrics = collections.defaultdict(list)
    trainer = Fake(model=torch.nn.Linear(1, 1), accelerator=accelerator, beta=beta, loss_types=LOSSES,
                   loss_weights=WEIGHTS, label_smoothing=0.0, ld_alpha=None, f_divergence_type="reverse_kl",
                   f_alpha_divergence_coef=0.5, use_weighting=False, precompute_ref_logps=True,
                   aux_loss_enabled=False, args=Fake(), _metrics={"train": metrics, "eval": metrics},
                   _total_train_tokens=0, _tp_size=1)
    inputs = dict(input_ids=torch.zeros_like(mask), attention_mask=torch.ones_like(mask), completion_mask=mask,
                  ref_chosen_logps=double(reference_chosen), ref_rejected_logps=double(reference_rejected))
    value = DPOTrainer._compute_loss(trainer, model, inputs, False)
    gradient, = torch.autograd.grad(value, logps)
    n = len(PAIRS)
    return dict(beta=beta, value=value.item(), chosen=gradient[:n, 0].tolist(), rejected=gradient[n:, 0].tolist())


json.dump(dict(trl=trl.__version__, torch=torch.__version__, pairs=PAIRS, cases=[mpo(beta) for beta in (0.1, 0.5)]),
          open("mpo_token_mean.json", "w"), separators=(",", ":"))
