"""The gradients that PyTorch and MLX give where functions have a kink or elements tie. Needs both.

The article *Coming from PyTorch and MLX* has them beside this package's, which TrainingArticleTests compute.
"""
import mlx.core as mx
import torch

CASES = [
    ("relu at 0", [0.0], torch.relu, lambda x: mx.maximum(x, 0)),
    ("abs at 0", [0.0], torch.abs, mx.abs),
    ("maximum of 1 and 1", [1.0, 1.0], lambda x: torch.maximum(x[0], x[1]), lambda x: mx.maximum(x[0], x[1])),
    ("the largest of 1, 1, 0", [1.0, 1.0, 0.0], lambda x: x.max(), mx.max),
    ("clamp to 0...1 at 1", [1.0], lambda x: x.clamp(0, 1), lambda x: mx.clip(x, 0, 1)),
    ("sqrt at 0, times 0", [0.0], lambda x: 0 * x.sqrt(), lambda x: 0 * mx.sqrt(x)),
]

for name, values, theirs, mlx in CASES:
    x = torch.tensor(values, requires_grad=True)
    theirs(x).sum().backward()
    gradient = mx.grad(lambda x, f=mlx: f(x).sum())(mx.array(values))
    print(f"{name}: PyTorch {x.grad.tolist()}, MLX {gradient.tolist()}")
