"""Networks of the published tables that no Python package holds in that form."""

import torch
import torchvision
from torch import nn


def depthwise(c_in, c_out, stride):
    return nn.Sequential(
        nn.Conv2d(c_in, c_in, 3, stride, 1, groups=c_in, bias=False), nn.BatchNorm2d(c_in), nn.ReLU6(),
        nn.Conv2d(c_in, c_out, 1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU6(),
    )  # fmt: skip


V1 = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]


def v1_layers(width):
    c = int(32 * width)
    layers = [nn.Sequential(nn.Conv2d(3, c, 3, 2, 1, bias=False), nn.BatchNorm2d(c), nn.ReLU6())]
    for c_out, stride in V1:
        layers.append(depthwise(c, int(c_out * width), stride))
        c = int(c_out * width)
    return layers, c


class MobilenetV1(nn.Module):
    def __init__(self, width, classes=1001):
        super().__init__()
        layers, c = v1_layers(width)
        self.features, self.classes = nn.Sequential(*layers), nn.Conv2d(c, classes, 1)

    def forward(self, x):
        return torch.flatten(self.classes(nn.functional.adaptive_avg_pool2d(self.features(x), 1)), 1)


def extra(c_in, hidden, c_out, stride=2, pad=1):
    return nn.Sequential(nn.Conv2d(c_in, hidden, 1), nn.ReLU6(), nn.Conv2d(hidden, c_out, 3, stride, pad), nn.ReLU6())


class SsdMobilenetV1(nn.Module):
    """300 × 300, 91 classes, without the non-maximum suppression."""

    def __init__(self):
        super().__init__()
        layers, _ = v1_layers(1.0)
        self.to19, self.to10 = nn.Sequential(*layers[:12]), nn.Sequential(*layers[12:])
        self.extras = nn.ModuleList(
            [extra(1024, 256, 512), extra(512, 128, 256), extra(256, 128, 256), extra(256, 64, 128)]
        )
        channels, anchors = [512, 1024, 512, 256, 256, 128], [3, 6, 6, 6, 6, 6]
        self.boxes = nn.ModuleList([nn.Conv2d(c, a * 4, 1) for c, a in zip(channels, anchors)])
        self.scores = nn.ModuleList([nn.Conv2d(c, a * 91, 1) for c, a in zip(channels, anchors)])

    def forward(self, x):
        maps = [self.to19(x)]
        maps.append(self.to10(maps[-1]))
        for layer in self.extras:
            maps.append(layer(maps[-1]))
        flat = lambda t, n: t.permute(0, 2, 3, 1).reshape(t.shape[0], -1, n)
        boxes = torch.cat([flat(h(m), 4) for h, m in zip(self.boxes, maps)], 1)
        scores = torch.cat([flat(h(m), 91) for h, m in zip(self.scores, maps)], 1)
        return boxes, torch.sigmoid(scores)


class SsdResnet34(nn.Module):
    """The 1200 × 1200 detector of MLPerf, without the non-maximum suppression: 15 130 anchors, 81 classes."""

    def __init__(self):
        super().__init__()
        r = torchvision.models.resnet34()
        r.layer3[0].conv1.stride = (1, 1)
        r.layer3[0].downsample[0].stride = (1, 1)
        self.backbone = nn.Sequential(r.conv1, r.bn1, r.relu, r.maxpool, r.layer1, r.layer2, r.layer3)
        self.extras = nn.ModuleList(
            [extra(256, 256, 512), extra(512, 256, 512), extra(512, 128, 256, 2), extra(256, 128, 256, 2), extra(256, 128, 256, 1)]
        )  # fmt: skip
        channels, anchors, strides = [256, 512, 512, 256, 256, 256], [4, 6, 6, 6, 4, 4], [3, 3, 3, 3, 3, 3]
        head = lambda n: nn.ModuleList(
            [nn.Conv2d(c, a * n, 3, s, 1) for c, a, s in zip(channels, anchors, strides)]
        )
        self.boxes, self.scores = head(4), head(81)

    def forward(self, x):
        maps = [self.backbone(x)]
        for layer in self.extras:
            maps.append(layer(maps[-1]))
        flat = lambda t, n: t.reshape(t.shape[0], n, -1)
        boxes = torch.cat([flat(h(m), 4) for h, m in zip(self.boxes, maps)], 2)
        return boxes, torch.cat([flat(h(m), 81) for h, m in zip(self.scores, maps)], 2)


class FcnResnet18(nn.Module):
    """Segmentation network of jetson-inference: ResNet-18 at stride 32 with a small head, 21 classes."""

    def __init__(self, classes=21):
        super().__init__()
        r = torchvision.models.resnet18()
        self.backbone = nn.Sequential(r.conv1, r.bn1, r.relu, r.maxpool, r.layer1, r.layer2, r.layer3, r.layer4)
        self.head = nn.Sequential(
            nn.Conv2d(512, 128, 3, padding=1, bias=False), nn.BatchNorm2d(128), nn.ReLU(), nn.Conv2d(128, classes, 1)
        )

    def forward(self, x):
        return self.head(self.backbone(x))
