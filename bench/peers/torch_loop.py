"""The same trainings as a user of torch runs them: one network after the other, eager, one thread a process.

    python torch_loop.py WORK FIRST LAST [channels_last]

Trains the trials FIRST to LAST - 1 of one work and prints seconds (after import) and losses as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from engine_data import LEARNING_RATE, WARM_SHARE, WORKS, Work, draw_data, draw_trials

torch.set_num_threads(1)


class Added(nn.Module):
    """Word vectors weighted by rarity, at unit length of the weights; token 0 is padding (the made data have none)."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.table = nn.Embedding(work.vocabulary, work.embedding)
        nn.init.normal_(self.table.weight, std=0.01)
        self.register_buffer("rarity", torch.ones(work.vocabulary))

    def count(self, x: torch.Tensor) -> None:
        rows_with = torch.stack([row.bincount(minlength=len(self.rarity)) > 0 for row in x]).sum(0)
        self.rarity = 1 + torch.log((1.0 + len(x)) / (1.0 + rows_with))

    def forward(self, x):
        weight = self.rarity[x] * (x > 0)
        length = weight.norm(dim=1, keepdim=True).clamp(min=1e-12)
        return torch.einsum("rt,rte->re", weight, self.table(x)) / length


class Largest(nn.Module):
    """Embedding, one convolution, ReLU, the largest value over the text."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.table = nn.Embedding(work.vocabulary, work.embedding)
        nn.init.normal_(self.table.weight, std=work.embedding**-0.5)
        self.convolution = nn.Conv1d(work.embedding, work.channels[0], work.kernel, padding="same")

    def forward(self, x):
        return F.relu(self.convolution(self.table(x).transpose(1, 2))).amax(2)


class Block(nn.Module):
    """Two normalized convolutions and the way past them."""

    def __init__(self, before: int, channels: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.one = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.two = nn.BatchNorm2d(channels)
        self.past = (
            nn.Identity()
            if stride == 1
            else nn.Sequential(nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))
        )

    def forward(self, x):
        inner = self.two(self.second(F.relu(self.one(self.first(x)))))
        return F.relu(inner + self.past(x))


def build(work: Work, rate: float) -> nn.Module:
    if work.family == "residual":
        first = nn.Conv2d(work.inputs[2], work.channels[0], 3, 1, 1, bias=False)
        layers: list[nn.Module] = [first, nn.BatchNorm2d(work.channels[0]), nn.ReLU()]
        before = work.channels[0]
        for stage, channels in enumerate(work.channels):
            layers.append(Block(before, channels, 1 if stage == 0 else 2))
            before = channels
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, work.n_outputs)]
        return nn.Sequential(*layers)
    if work.family == "cnn":
        one, two = work.channels
        height, width, depth = work.inputs
        flat = (height // 2) * (width // 2) * two
        return nn.Sequential(
            nn.Conv2d(depth, one, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(one, two, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(flat, work.widths[0]),
            nn.ReLU(),
            nn.Linear(work.widths[0], work.n_outputs),
        )
    layers, before = [], work.inputs[0]
    if work.family == "text":
        layers, before = [Added(work)], work.embedding
    if work.family == "sequence":
        layers, before = [Largest(work)], work.channels[0]
    for width in work.widths:
        layers += [nn.Linear(before, width), nn.ReLU(), nn.Dropout(rate)]
        before = width
    return nn.Sequential(*layers, nn.Linear(before, work.n_outputs))


def initialize(module: nn.Module) -> None:
    """He-normal weights and zero biases; the last layer with variance 1 / fan-in, as in heldout."""
    weighted = [m for m in module.modules() if isinstance(m, (nn.Linear, nn.Conv2d, nn.Conv1d))]
    for index, layer in enumerate(weighted):
        fan_in = layer.weight[0].numel()
        nn.init.normal_(layer.weight, std=((1.0 if index == len(weighted) - 1 else 2.0) / fan_in) ** 0.5)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def losses_of(work: Work, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    if work.n_outputs == 1:
        return F.binary_cross_entropy_with_logits(outputs[:, 0], y)
    return F.cross_entropy(outputs, y.long())


def train(work: Work, trial: tuple[float, float, int], data, *, channels_last: bool) -> tuple[float, float]:
    rate, strength, seed = trial
    torch.manual_seed(seed)
    x, y = data
    net = build(work, rate)
    initialize(net)
    if work.family == "text":
        net[0].count(x[: work.n_fit])
    if channels_last:
        net = net.to(memory_format=torch.channels_last)
    weights = [m.weight for m in net.modules() if isinstance(m, (nn.Linear, nn.Conv2d, nn.Conv1d))]
    optimizer = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE, fused=True)
    n_steps = -(-work.n_fit // work.batch_size)
    total, count = n_steps * work.n_epochs, 0
    for _ in range(work.n_epochs):
        net.train()
        order = torch.randperm(work.n_fit)
        for step in range(n_steps):
            rows = order[(step * work.batch_size + torch.arange(work.batch_size)) % work.n_fit]
            count += 1
            optimizer.param_groups[0]["lr"] = LEARNING_RATE * min(1.0, count / total * WARM_SHARE)
            loss = losses_of(work, net(x[rows]), y[rows])
            if strength:
                loss = loss + strength * sum((weight**2).sum() for weight in weights)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            held = losses_of(work, net(x[work.n_fit :]), y[work.n_fit :])
    with torch.no_grad():
        own = torch.stack(
            [losses_of(work, net(x[i : i + 500]), y[i : i + 500]) for i in range(0, work.n_fit, 500)]
        )
    return float(own.mean()), float(held)


def main(name: str, first: int, last: int, layout: str) -> None:
    work = WORKS[name]
    x, y = (torch.from_numpy(part) for part in draw_data(work))
    if x.ndim == 4:
        x = x.permute(0, 3, 1, 2)
        x = x.contiguous(memory_format=torch.channels_last) if layout else x.contiguous()
    if work.vocabulary:
        x = x.long()
    trials = draw_trials(work)[first:last]
    begun, worked = time.perf_counter(), time.process_time()
    losses = [train(work, trial, (x, y), channels_last=bool(layout)) for trial in trials]
    found = {"seconds": time.perf_counter() - begun, "processor": time.process_time() - worked}
    print(json.dumps({**found, "train": float(np.mean([pair[0] for pair in losses]))}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else "")
