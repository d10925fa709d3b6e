"""The detector: a small backbone, features of three scales mixed both ways, one head for all scales.

Only what TensorRT 8.2 and DLA take: convolutions with batch normalisation folded in, ReLU, max pooling of 5,
nearest upsampling by 2, concatenation and addition. The last reshape and transpose run on the GPU. 512×288 is
16:9 in whole strides, so a 16:9 picture needs no padding.
"""

import torch
from torch import nn

LABELS = ["person", "vehicle", "bicycle"]
STRIDES = (8, 16, 32)
INPUT_WIDTH, INPUT_HEIGHT = 512, 288


def conv(inputs, outputs, kernel, stride=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03),
        nn.ReLU(inplace=True),
    )


class Block(nn.Module):
    """Residual bottleneck."""

    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(conv(width, width // 2, 1), conv(width // 2, width, 3))

    def forward(self, x):
        return x + self.body(x)


def highest(x, reach=2):
    """Max pooling of 5 in steps, because the gradient of CUDA's own does not repeat from run to run."""
    for dim in (2, 3):
        pad = (0, 0, reach, reach) if dim == 2 else (reach, reach, 0, 0)
        wide = nn.functional.pad(x, pad, value=float("-inf"))
        parts = [wide.narrow(dim, i, x.shape[dim]) for i in range(2 * reach + 1)]
        x = parts[0]
        for part in parts[1:]:
            x = torch.maximum(x, part)
    return x


class Pool(nn.Module):
    """Widens what a cell of the coarsest scale sees."""

    def __init__(self, width):
        super().__init__()
        self.narrow = conv(width, width // 2, 1)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.join = conv(width // 2 * 3, width, 1)

    def forward(self, x):
        x = self.narrow(x)
        pool = highest if self.training else self.pool
        once = pool(x)
        return self.join(torch.cat([x, once, pool(once)], 1))


def mix(inputs, width):
    return nn.Sequential(conv(inputs, width, 1), conv(width, width, 3))


class Detector(nn.Module):
    """input: float32 [N,3,H,W] BGR 0–255; output: float32 [N,A,5+C], boxes undecoded, scores after sigmoid."""

    def __init__(self, classes=len(LABELS), width=64):
        super().__init__()
        self.stage2 = nn.Sequential(conv(3, 16, 3, 2), conv(16, 32, 3, 2), Block(32))
        self.stage3 = nn.Sequential(conv(32, 64, 3, 2), Block(64), Block(64))
        self.stage4 = nn.Sequential(conv(64, 96, 3, 2), Block(96), Block(96))
        self.stage5 = nn.Sequential(conv(96, 128, 3, 2), Block(128), Pool(128))
        self.narrow = conv(128, width, 1)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.down4 = mix(width + 96, width)
        self.down3 = mix(width + 64, width)
        self.shrink3 = conv(width, width, 3, 2)
        self.up4 = mix(2 * width, width)
        self.shrink4 = conv(width, width, 3, 2)
        self.up5 = mix(2 * width, width)
        self.class_stem = conv(width, width // 2, 3)
        self.box_stem = conv(width, width, 3)
        self.class_out = nn.Conv2d(width // 2, classes, 1)
        self.box_out = nn.Conv2d(width, 4, 1)
        self.object_out = nn.Conv2d(width, 1, 1)
        for layer in (self.class_out, self.object_out):
            nn.init.constant_(layer.bias, -4.6)  # nearly all cells are empty: begin at 1 %

    def features(self, x):
        c3 = self.stage3(self.stage2(x))
        c4 = self.stage4(c3)
        c5 = self.narrow(self.stage5(c4))
        p4 = self.down4(torch.cat([self.up(c5), c4], 1))
        p3 = self.down3(torch.cat([self.up(p4), c3], 1))
        n4 = self.up4(torch.cat([self.shrink3(p3), p4], 1))
        n5 = self.up5(torch.cat([self.shrink4(n4), c5], 1))
        return p3, n4, n5

    def raw(self, x):
        """Logits, [N,A,5+C]."""
        return self.rows(x, lambda t: t)

    def forward(self, x):
        return self.rows(x, torch.sigmoid)

    def rows(self, x, squash):
        outputs = []
        for feature in self.features(x):
            box = self.box_stem(feature)
            scores = torch.cat([self.object_out(box), self.class_out(self.class_stem(feature))], 1)
            both = torch.cat([self.box_out(box), squash(scores)], 1)
            # Plain numbers, so that the exported graph holds a constant shape.
            outputs.append(both.reshape(int(both.shape[0]), int(both.shape[1]), -1))
        return torch.cat(outputs, 2).transpose(1, 2)


def cells(device=None):
    """Corner of each cell in input pixels and its stride: [A,3]."""
    rows = []
    for stride in STRIDES:
        y, x = torch.meshgrid(
            torch.arange(INPUT_HEIGHT // stride), torch.arange(INPUT_WIDTH // stride), indexing="ij"
        )
        s = torch.full_like(x, stride)
        rows.append(torch.stack([x * stride, y * stride, s], -1).reshape(-1, 3))
    return torch.cat(rows).float().to(device)


def decode(raw, grid):
    """Boxes as centre x, centre y, width, height in input pixels."""
    stride = grid[:, 2:3]
    center = raw[..., :2].float() * stride + grid[:, :2]
    size = raw[..., 2:4].float().clamp(-4, 6).exp() * stride
    return torch.cat([center, size], -1)
