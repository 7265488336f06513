"""Writes optimisers.json: parameters after each step of torch.optim.SGD, of transformers' Adafactor on a 4 x 3 matrix
between two vectors, and of Lion as algorithm 2 of arXiv:2302.06675 has it (in torch; neither library has Lion), in
float64. Gradients are clipped by their norm first where clip_norm is not 0. Made with the versions in the file."""
import json, pathlib, torch, transformers
from transformers.optimization import Adafactor

torch.set_default_dtype(torch.float64)
random = torch.Generator().manual_seed(12)
sizes = [(2,), (4, 3), (5,)]
numbers = sum(torch.Size(s).numel() for s in sizes)


class Lion:
    def __init__(self, parameters, rate, beta1, beta2, weight_decay):
        self.all, self.m = parameters, [torch.zeros_like(p) for p in parameters]
        self.rate, self.beta1, self.beta2, self.decay = rate, beta1, beta2, weight_decay

    @torch.no_grad()
    def step(self):
        for p, m in zip(self.all, self.m):
            c = self.beta1 * m + (1 - self.beta1) * p.grad
            p -= self.rate * (torch.sign(c) + self.decay * p)
            m.copy_(self.beta2 * m + (1 - self.beta2) * p.grad)


def trace(make, name, clip, **options):
    start = torch.randn(numbers, generator=random)
    gradients = torch.randn(8, numbers, generator=random) * 10 ** (4 * torch.rand(8, 1, generator=random) - 3)
    parts = [torch.nn.Parameter(p.clone().reshape(s)) for p, s in
             zip(start.split([torch.Size(s).numel() for s in sizes]), sizes)]
    optimiser, steps = make(parts, **options), []
    for gradient in gradients:
        factor = min(1.0, clip / gradient.norm().item()) if clip else 1.0
        for p, g in zip(parts, gradient.split([p.numel() for p in parts])):
            p.grad = (factor * g).reshape(p.shape)
        optimiser.step()
        steps.append(torch.cat([p.detach().flatten() for p in parts]).tolist())
    return dict(optimiser=name, clip_norm=clip, options=options, start=start.tolist(), gradients=gradients.tolist(),
                parameters=steps)


def sgd(parts, rate, momentum, nesterov, weight_decay):
    return torch.optim.SGD(parts, lr=rate, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)


def adafactor(parts, rate, relative, least_size, threshold, power, epsilon, weight_decay):
    return Adafactor(parts, lr=rate, eps=(epsilon, least_size), clip_threshold=threshold, decay_rate=-power,
                     weight_decay=weight_decay, scale_parameter=relative, relative_step=False)


cases = []
for clip in (0.0, 1.5):
    cases.append(trace(sgd, "sgd", clip, rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0))
    cases.append(trace(sgd, "sgd", clip, rate=0.1, momentum=0.5, nesterov=True, weight_decay=0.3))
    cases.append(trace(sgd, "sgd", clip, rate=0.2, momentum=0.0, nesterov=False, weight_decay=0.1))
    cases.append(trace(Lion, "lion", clip, rate=0.01, beta1=0.9, beta2=0.99, weight_decay=0.0))
    cases.append(trace(Lion, "lion", clip, rate=0.1, beta1=0.5, beta2=0.8, weight_decay=0.4))
    defaults = dict(least_size=1e-3, threshold=1.0, power=0.8, epsilon=1e-30)
    cases.append(trace(adafactor, "adafactor", clip, rate=0.01, relative=True, weight_decay=0.0, **defaults))
    cases.append(trace(adafactor, "adafactor", clip, rate=0.1, relative=False, weight_decay=0.3, **defaults))
    cases.append(trace(adafactor, "adafactor", clip, rate=0.1, relative=True, least_size=2.0, threshold=0.5, power=0.6,
                       epsilon=1e-3, weight_decay=0.1))
path = pathlib.Path(__file__).with_name("optimisers.json")
path.write_text(json.dumps(dict(torch=torch.__version__, transformers=transformers.__version__, cases=cases)))
