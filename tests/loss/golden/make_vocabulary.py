"""Writes vocabulary.json: torch's log_softmax, gather and gradient in float64 on small matrices of logits.
    python make_vocabulary.py    # torch 2.15.0
"""
import json

import torch

torch.manual_seed(11)
ROWS, VOCABULARY = 4, 9
cases = []
for scale, bias, cap, temperature in ((1, False, None, 1), (40, False, None, 1), (3, True, None, 0.7),
                                      (60, False, 30.0, 1), (25, True, 12.5, 1.5)):
    x = (scale * torch.randn(ROWS, VOCABULARY, dtype=torch.float64)).requires_grad_()
    b = torch.randn(VOCABULARY, dtype=torch.float64) if bias else torch.zeros(VOCABULARY, dtype=torch.float64)
    targets = torch.randint(0, VOCABULARY, (ROWS,))
    weights = torch.randn(ROWS, dtype=torch.float64)
    z = x + b
    if cap:
        z = cap * torch.tanh(z / cap)
    log_p = torch.log_softmax(z / temperature, -1)
    log_probs = log_p.gather(1, targets[:, None])[:, 0]
    gradient, = torch.autograd.grad((weights * log_probs).sum(), x)
    cases.append(dict(bias=b.tolist() if bias else [], soft_cap=cap, temperature=temperature,
                      logits=x.flatten().tolist(), targets=targets.tolist(), weights=weights.tolist(),
                      log_probs=log_probs.tolist(), normalisers=torch.logsumexp(z / temperature, -1).tolist(),
                      entropies=(-(log_p.exp() * log_p).sum(-1)).tolist(),
                      log_sum_squares=torch.logsumexp(2 * log_p, -1).tolist(), gradient=gradient.flatten().tolist()))
json.dump(dict(torch=torch.__version__, rows=ROWS, vocabulary=VOCABULARY, cases=cases), open("vocabulary.json", "w"),
          separators=(",", ":"))
