"""Writes adamw.json: parameters after each step of torch.optim.AdamW, with and without
clipping of the gradient's norm, in float64. Run with any PyTorch; made with the version in the file."""
import json, pathlib, torch

torch.set_default_dtype(torch.float64)
random = torch.Generator().manual_seed(11)
cases = []
for numbers in (dict(lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01),
                dict(lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.3),
                dict(lr=0.1, betas=(0.0, 0.5), eps=1e-8, weight_decay=0.0)):
    for clip in (0.0, 1.5):
        start = torch.randn(7, generator=random)
        gradients = torch.randn(12, 7, generator=random) * 10 ** (4 * torch.rand(12, 1, generator=random) - 3)
        parameter = torch.nn.Parameter(start.clone())
        optimiser = torch.optim.AdamW([parameter], foreach=False, fused=False, **numbers)
        trace, norms = [], []
        for gradient in gradients:
            parameter.grad = gradient.clone()
            norms.append(gradient.norm().item())
            if clip:  # without the 1e-6 that clip_grad_norm_ adds to the norm
                parameter.grad *= min(1.0, clip / norms[-1])
            optimiser.step()
            trace.append(parameter.detach().tolist())
        cases.append(dict(rate=numbers["lr"], beta1=numbers["betas"][0], beta2=numbers["betas"][1], epsilon=numbers["eps"],
                          weight_decay=numbers["weight_decay"], clip_norm=clip, start=start.tolist(),
                          gradients=gradients.tolist(), norms=norms, parameters=trace))
path = pathlib.Path(__file__).with_name("adamw.json")
path.write_text(json.dumps(dict(torch=torch.__version__, cases=cases)))
