"""The networks of `bench/convolution.py` in torch, one thread: what heldout's convolutions are compared with.

    python bench/convolution_torch.py [--layout channels_last] [--bfloat16] [--steps 20]

torch is no dependency: without it the program says so and ends.
"""

from __future__ import annotations

import argparse
import time
from importlib.util import find_spec

BATCH = 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["cnn", "residual", "plain", "text"])
    parser.add_argument("--layout", choices=["default", "channels_last"], default="default")
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--steps", type=int, default=20)
    given = parser.parse_args()
    if find_spec("torch") is None:
        print("torch is not installed: nothing is measured")
        return
    for name in given.names:
        used, wall = measure(name, given.layout, given.steps, bfloat16=given.bfloat16)
        print(f"| {name} | {given.layout} | processor {used:.1f} ms | wall {wall:.1f} ms |", flush=True)


def measure(name: str, layout: str, steps: int, *, bfloat16: bool) -> tuple[float, float]:
    """Give processor and wall milliseconds of one step."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    net, x = make_network(name)
    y = torch.randint(0, 2, (BATCH,))
    if layout == "channels_last" and x.ndim == 4:
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    adam = torch.optim.Adam(net.parameters(), 1e-3)

    def step() -> None:
        adam.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            loss = torch.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        adam.step()

    for _ in range(4):
        step()
    used, wall = time.process_time(), time.perf_counter()
    for _ in range(steps):
        step()
    share = 1e3 / steps
    return (time.process_time() - used) * share, (time.perf_counter() - wall) * share


def make_network(name: str) -> tuple:
    """Give the network and a batch."""
    import torch
    from torch import nn

    if name == "cnn":
        layers = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU()]
        layers += [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(14 * 14 * 32, 128), nn.ReLU(), nn.Linear(128, 10)]
        return nn.Sequential(*layers), torch.randn(BATCH, 1, 28, 28)
    if name == "text":
        return make_text_network(), torch.randint(0, 10_000, (BATCH, 200))
    return make_residual_network(norm=name == "residual"), torch.randn(BATCH, 3, 32, 32)


def make_text_network() -> object:
    """Give the network for texts."""
    from torch import nn

    class Text(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.filters, self.out = (
                nn.Embedding(10_000, 64),
                nn.Conv1d(64, 128, 5),
                nn.Linear(128, 2),
            )

        def forward(self, x: object) -> object:
            return self.out(nn.functional.relu(self.filters(self.table(x).transpose(1, 2))).amax(2))

    return Text()


def make_residual_network(*, norm: bool) -> object:
    """Give the residual network."""
    from torch import nn

    def normed(channels: int) -> nn.Module:
        return nn.BatchNorm2d(channels) if norm else nn.Identity()

    class Block(nn.Module):
        def __init__(self, before: int, after: int, stride: int) -> None:
            super().__init__()
            self.main = nn.Sequential(
                nn.Conv2d(before, after, 3, stride, 1, bias=not norm),
                normed(after),
                nn.ReLU(),
                nn.Conv2d(after, after, 3, 1, 1, bias=not norm),
                normed(after),
            )
            self.past = nn.Identity() if stride == 1 else nn.Conv2d(before, after, 1, stride, bias=False)

        def forward(self, x: object) -> object:
            return nn.functional.relu(self.main(x) + self.past(x))

    first = [nn.Conv2d(3, 16, 3, padding=1, bias=not norm), normed(16), nn.ReLU()]
    blocks = [Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)]
    return nn.Sequential(*first, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


if __name__ == "__main__":
    main()
