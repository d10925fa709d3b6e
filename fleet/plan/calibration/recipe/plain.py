"""Networks that are a few rules, written without a framework: `python plain.py ../networks` needs `onnx` only.

They are what the exporter makes of torchvision's networks of these names: batch normalisation is folded into the
convolution before it, weights are named and not kept.
"""

import sys
from pathlib import Path

import onnx
from onnx import TensorProto, helper


class Graph:
    def __init__(self):
        self.nodes, self.weights, self.count = [], [], 0

    def node(self, op, inputs, **attributes):
        self.count += 1
        out = f"t{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [out], name=f"{op}_{self.count}", **attributes))
        return out

    def weight(self, *dims):
        self.count += 1
        tensor = TensorProto(name=f"t{self.count}", data_type=TensorProto.FLOAT, dims=dims)
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", "not-kept"
        self.weights.append(tensor)
        return tensor.name

    def conv(self, x, c_in, c_out, kernel, stride=1, pad=0, group=1):
        weights = [self.weight(c_out, c_in // group, kernel, kernel), self.weight(c_out)]
        return self.node("Conv", [x, *weights], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4,
                         dilations=[1, 1], group=group)  # fmt: skip

    def relu(self, x):
        return self.node("Relu", [x])

    def norm_relu(self, x, channels):
        return self.relu(self.node("BatchNormalization", [x, *[self.weight(channels) for _ in range(4)]]))

    def pool(self, x, kernel, stride, pad=0, ceil=0):
        return self.node("MaxPool", [x], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, ceil_mode=ceil)

    def gemm(self, x, c_in, c_out):
        return self.node("Gemm", [x, self.weight(c_out, c_in), self.weight(c_out)], transB=1)

    def classify(self, x, channels):
        return self.gemm(self.node("Flatten", [self.node("GlobalAveragePool", [x])], axis=1), channels, 1000)

    def save(self, out):
        value = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
        graph = helper.make_graph(self.nodes, "plain", [value("input", [1, 3, 224, 224])], [value(out, [1, 1000])])
        graph.initializer.extend(self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6).SerializeToString()


def densenet(first, growth, blocks):
    g = Graph()
    x, channels = g.pool(g.relu(g.conv("input", 3, first, 7, 2, 3)), 3, 2, 1), first
    for number, layers in enumerate(blocks):
        parts = [x]
        for _ in range(layers):
            joined = parts[0] if len(parts) == 1 else g.node("Concat", list(parts), axis=1)
            narrow = g.relu(g.conv(g.norm_relu(joined, channels), channels, 4 * growth, 1))
            parts.append(g.conv(narrow, 4 * growth, growth, 3, 1, 1))
            channels += growth
        x = g.norm_relu(g.node("Concat", parts, axis=1), channels)
        if number < len(blocks) - 1:
            x = g.conv(x, channels, channels // 2, 1)
            x = g.node("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
            channels //= 2
    return g.save(g.classify(x, channels))


def vgg(widths):
    g = Graph()
    x, channels = "input", 3
    for width in widths:
        if width == 0:
            x = g.pool(x, 2, 2)
            continue
        x, channels = g.relu(g.conv(x, channels, width, 3, 1, 1)), width
    x = g.relu(g.gemm(g.node("Flatten", [x], axis=1), 512 * 49, 4096))
    return g.save(g.gemm(g.relu(g.gemm(x, 4096, 4096)), 4096, 1000))


def squeezenet1_0():
    g = Graph()
    fire = [(96, 16, 64), (128, 16, 64), (128, 32, 128), None, (256, 32, 128), (256, 48, 192), (384, 48, 192),
            (384, 64, 256), None, (512, 64, 256)]  # fmt: skip
    x = g.pool(g.relu(g.conv("input", 3, 96, 7, 2)), 3, 2, ceil=1)
    for row in fire:
        if row is None:
            x = g.pool(x, 3, 2, ceil=1)
            continue
        c_in, narrow, wide = row
        s = g.relu(g.conv(x, c_in, narrow, 1))
        x = g.node("Concat", [g.relu(g.conv(s, narrow, wide, 1)), g.relu(g.conv(s, narrow, wide, 3, 1, 1))], axis=1)
    x = g.node("GlobalAveragePool", [g.relu(g.conv(x, 512, 1000, 1))])
    return g.save(g.node("Flatten", [x], axis=1))


def resnext50():
    g = Graph()
    x, channels = g.pool(g.relu(g.conv("input", 3, 64, 7, 2, 3)), 3, 2, 1), 64
    for number, blocks in enumerate([3, 4, 6, 3]):
        width, wide = 128 * 2**number, 256 * 2**number
        for block in range(blocks):
            stride = 2 if block == 0 and number > 0 else 1
            y = g.relu(g.conv(x, channels, width, 1))
            y = g.relu(g.conv(y, width, width, 3, stride, 1, group=32))
            y = g.conv(y, width, wide, 1)
            short = x if block > 0 else g.conv(x, channels, wide, 1, stride)
            x, channels = g.relu(g.node("Add", [y, short])), wide
    return g.save(g.classify(x, channels))


NETWORKS = {
    "densenet169": lambda: densenet(64, 32, [6, 12, 32, 32]),
    "densenet201": lambda: densenet(64, 32, [6, 12, 48, 32]),
    "densenet161": lambda: densenet(96, 48, [6, 12, 36, 24]),
    "vgg11": lambda: vgg([64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0]),
    "vgg13": lambda: vgg([64, 64, 0, 128, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0]),
    "squeezenet1_0": squeezenet1_0,
    "resnext50": resnext50,
}

if __name__ == "__main__":
    for name, build in NETWORKS.items():
        (Path(sys.argv[1]) / f"{name}.onnx").write_bytes(build())
