"""Writes adamw_8bit.json: the two code tables of bitsandbytes, and parameters and codes after steps of its AdamW8bit on
the CPU. Start and gradients follow from formulas that the test repeats. Run with bitsandbytes 0.50 and PyTorch."""
import json, math, pathlib
import bitsandbytes as bnb
import bitsandbytes.functional as F
import torch

SIZE, STEPS = 600, 12  # two blocks of 256 and a part of one


def number(i, t):
    # second moments over four orders of magnitude: its code on the CPU knows no more than five
    return math.copysign(10.0 ** (math.sin(0.37 * i + 1.7 * t) - 1), math.sin(12.9898 * (i + 1) + 78.233 * t))


start = torch.tensor([math.sin(0.1 * i) for i in range(SIZE)])
parameter = torch.nn.Parameter(start.clone())
optimiser = bnb.optim.AdamW8bit([parameter], lr=1e-2, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1, min_8bit_size=1)
trace = []
for t in range(STEPS):
    parameter.grad = torch.tensor([number(i, t) for i in range(SIZE)])
    optimiser.step()
    if t in (0, STEPS - 1):
        state = optimiser.state[parameter]
        trace.append(dict(step=t + 1, parameters=[float(f"{x:.8g}") for x in parameter.detach().tolist()],
                          first=state["state1"].tolist(), second=state["state2"].tolist(),
                          first_scale=state["absmax1"].tolist(), second_scale=state["absmax2"].tolist()))
table = lambda signed: [float(f"{x:.9g}") for x in F.create_dynamic_map(signed=signed).tolist()]
path = pathlib.Path(__file__).with_name("adamw_8bit.json")
path.write_text(json.dumps(dict(bitsandbytes=bnb.__version__, with_sign=table(True), without_sign=table(False),
                                trace=trace), separators=(",", ":")))
