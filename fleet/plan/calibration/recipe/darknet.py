"""YOLO networks of Darknet, layer by layer from their published configurations, without the decoding layers."""

import torch
from torch import nn
from torch.nn import functional as F


class ConvBlock(nn.Sequential):
    def __init__(self, c_in, c_out, kernel=1, stride=1, act="leaky"):
        layers = [nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(c_out)]
        if act == "leaky":
            layers.append(nn.LeakyReLU(0.1))
        elif act == "mish":
            layers.append(nn.Mish())
        super().__init__(*layers)


class Residual(nn.Module):
    def __init__(self, c, hidden, act):
        super().__init__()
        self.a, self.b = ConvBlock(c, hidden, 1, 1, act), ConvBlock(hidden, c, 3, 1, act)

    def forward(self, x):
        return x + self.b(self.a(x))


class CspStage(nn.Module):
    """A stage of CSPDarknet53; the first one does not halve its channels."""

    def __init__(self, c_in, c_out, blocks, first=False):
        super().__init__()
        half = c_out if first else c_out // 2
        self.down = ConvBlock(c_in, c_out, 3, 2, "mish")
        self.skip, self.head = ConvBlock(c_out, half, 1, 1, "mish"), ConvBlock(c_out, half, 1, 1, "mish")
        hidden = c_out // 2 if first else half
        self.blocks = nn.Sequential(*[Residual(half, hidden, "mish") for _ in range(blocks)])
        self.tail = ConvBlock(half, half, 1, 1, "mish")
        self.merge = ConvBlock(2 * half, c_out, 1, 1, "mish")

    def forward(self, x):
        x = self.down(x)
        return self.merge(torch.cat([self.tail(self.blocks(self.head(x))), self.skip(x)], 1))


def neck5(c_in, c):
    return nn.Sequential(
        ConvBlock(c_in, c), ConvBlock(c, 2 * c, 3), ConvBlock(2 * c, c), ConvBlock(c, 2 * c, 3), ConvBlock(2 * c, c)
    )


def out(c, outputs=255):
    return nn.Sequential(ConvBlock(c, 2 * c, 3), nn.Conv2d(2 * c, outputs, 1))


class Yolov4(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvBlock(3, 32, 3, 1, "mish")
        self.s1, self.s2 = CspStage(32, 64, 1, True), CspStage(64, 128, 2)
        self.s3, self.s4, self.s5 = CspStage(128, 256, 8), CspStage(256, 512, 8), CspStage(512, 1024, 4)
        self.pre = nn.Sequential(ConvBlock(1024, 512), ConvBlock(512, 1024, 3), ConvBlock(1024, 512))
        self.post = nn.Sequential(ConvBlock(2048, 512), ConvBlock(512, 1024, 3), ConvBlock(1024, 512))
        self.up5, self.lat4, self.td4 = ConvBlock(512, 256), ConvBlock(512, 256), neck5(512, 256)
        self.up4, self.lat3, self.td3 = ConvBlock(256, 128), ConvBlock(256, 128), neck5(256, 128)
        self.o3, self.d3, self.bu4 = out(128), ConvBlock(128, 256, 3, 2), neck5(512, 256)
        self.o4, self.d4, self.bu5 = out(256), ConvBlock(256, 512, 3, 2), neck5(1024, 512)
        self.o5 = out(512)

    def forward(self, x):
        c3 = self.s3(self.s2(self.s1(self.stem(x))))
        c4 = self.s4(c3)
        p5 = self.pre(self.s5(c4))
        pools = [F.max_pool2d(p5, k, 1, k // 2) for k in (13, 9, 5)]
        p5 = self.post(torch.cat([*pools, p5], 1))
        up = lambda t: F.interpolate(t, scale_factor=2, mode="nearest")
        p4 = self.td4(torch.cat([self.lat4(c4), up(self.up5(p5))], 1))
        p3 = self.td3(torch.cat([self.lat3(c3), up(self.up4(p4))], 1))
        n4 = self.bu4(torch.cat([self.d3(p3), p4], 1))
        n5 = self.bu5(torch.cat([self.d4(n4), p5], 1))
        return self.o3(p3), self.o4(n4), self.o5(n5)


class TinyCsp(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.half = c // 2
        self.a, self.b = ConvBlock(c, c, 3), ConvBlock(c // 2, c // 2, 3)
        self.c, self.d = ConvBlock(c // 2, c // 2, 3), ConvBlock(c, c)

    def forward(self, x):
        x = self.a(x)
        b = self.b(x[:, self.half :])
        d = self.d(torch.cat([self.c(b), b], 1))
        return F.max_pool2d(torch.cat([x, d], 1), 2, 2), d


class Yolov4Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(ConvBlock(3, 32, 3, 2), ConvBlock(32, 64, 3, 2))
        self.c1, self.c2, self.c3 = TinyCsp(64), TinyCsp(128), TinyCsp(256)
        self.mid, self.low = ConvBlock(512, 512, 3), ConvBlock(512, 256)
        self.o5 = nn.Sequential(ConvBlock(256, 512, 3), nn.Conv2d(512, 255, 1))
        self.up, self.o4 = ConvBlock(256, 128), nn.Sequential(ConvBlock(384, 256, 3), nn.Conv2d(256, 255, 1))

    def forward(self, x):
        x, _ = self.c1(self.stem(x))
        x, _ = self.c2(x)
        x, c4 = self.c3(x)
        low = self.low(self.mid(x))
        up = F.interpolate(self.up(low), scale_factor=2, mode="nearest")
        return self.o5(low), self.o4(torch.cat([up, c4], 1))


class Yolov3(nn.Module):
    def __init__(self, spp=False):
        super().__init__()
        stages, c = [ConvBlock(3, 32, 3)], 32
        for blocks in (1, 2, 8, 8, 4):
            stages.append(
                nn.Sequential(
                    ConvBlock(c, 2 * c, 3, 2), *[Residual(2 * c, c, "leaky") for _ in range(blocks)]
                )
            )
            c *= 2
        self.stages = nn.ModuleList(stages)
        self.spp = spp
        if spp:
            self.pre = nn.Sequential(ConvBlock(1024, 512), ConvBlock(512, 1024, 3), ConvBlock(1024, 512))
            self.n5 = nn.Sequential(ConvBlock(2048, 512), ConvBlock(512, 1024, 3), ConvBlock(1024, 512))
        else:
            self.n5 = neck5(1024, 512)
        self.o5, self.up5, self.n4 = out(512), ConvBlock(512, 256), neck5(768, 256)
        self.o4, self.up4, self.n3, self.o3 = out(256), ConvBlock(256, 128), neck5(384, 128), out(128)

    def forward(self, x):
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        up = lambda t: F.interpolate(t, scale_factor=2, mode="nearest")
        if self.spp:
            x = self.pre(x)
            x = torch.cat([F.max_pool2d(x, k, 1, k // 2) for k in (13, 9, 5)] + [x], 1)
        p5 = self.n5(x)
        p4 = self.n4(torch.cat([up(self.up5(p5)), features[4]], 1))
        p3 = self.n3(torch.cat([up(self.up4(p4)), features[3]], 1))
        return self.o5(p5), self.o4(p4), self.o3(p3)


class Yolov3Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        layers, c_in = [], 3
        for c in (16, 32, 64, 128):
            layers += [ConvBlock(c_in, c, 3), nn.MaxPool2d(2, 2)]
            c_in = c
        self.early, self.c256 = nn.Sequential(*layers), ConvBlock(128, 256, 3)
        self.c512, self.c1024 = ConvBlock(256, 512, 3), ConvBlock(512, 1024, 3)
        self.low = ConvBlock(1024, 256)
        self.o5 = nn.Sequential(ConvBlock(256, 512, 3), nn.Conv2d(512, 255, 1))
        self.up, self.o4 = ConvBlock(256, 128), nn.Sequential(ConvBlock(384, 256, 3), nn.Conv2d(256, 255, 1))

    def forward(self, x):
        c4 = self.c256(self.early(x))
        x = self.c512(F.max_pool2d(c4, 2, 2))
        x = F.max_pool2d(F.pad(x, (0, 1, 0, 1)), 2, 1)
        low = self.low(self.c1024(x))
        up = F.interpolate(self.up(low), scale_factor=2, mode="nearest")
        return self.o5(low), self.o4(torch.cat([up, c4], 1))
