"""Asks TensorRT-RTX what it takes, one small graph at a time: `probe-rtx.py INSPECT_RTX > results/rtx-operators.json`.

A row has the operator, what is special about it, and per board null or the first words of the refusal.
"""

import json
import subprocess
import sys
import tempfile

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

BOARDS = {"x86-t4": "75", "x86-l4": "89"}
PICTURE = [1, 16, 8, 8]
OTHER_TYPES = {"IsInf": TensorProto.BOOL, "IsNaN": TensorProto.BOOL}
OTHER_TYPES |= dict.fromkeys(("NonZero", "Size", "Shape", "NonMaxSuppression"), TensorProto.INT64)
UNARY = """Mish HardSwish Gelu Elu Selu Softsign Celu ThresholdedRelu GlobalLpPool Erf IsInf IsNaN Round Hardmax Softmax
LogSoftmax Sinh GlobalAveragePool NonZero Det BitwiseNot Size Shape MeanVarianceNormalization""".split()

random = numpy.random.default_rng(0)


def floats(*dims):
    return (random.standard_normal(dims) / 10).astype(numpy.float32)


def integers(*values):
    return numpy.array(values, numpy.int64)


def model(nodes, constants, shape, output=TensorProto.FLOAT, given=TensorProto.FLOAT):
    inputs = [helper.make_tensor_value_info("x", given, shape)]
    outputs = [helper.make_tensor_value_info("y", output, None)]
    tensors = [numpy_helper.from_array(numpy.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "probe", inputs, outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def single(op, shape=PICTURE, others=(), **attributes):
    names = [f"c{at}" for at in range(len(others))]
    node = helper.make_node(op, ["x", *names], ["y"], name="it", **attributes)
    return model([node], dict(zip(names, others)), shape, OTHER_TYPES.get(op, TensorProto.FLOAT))


def pairs(product, weights, shape, zero, kind=numpy.float32):
    """A product between quantising pairs, of weights that are integers."""
    given = TensorProto.FLOAT16 if kind is numpy.float16 else TensorProto.FLOAT
    constants = {"s": kind(0.05), "z": zero, "w": weights, "wz": numpy.int8(0)}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], name="quantise"),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"], name="restore"),
        helper.make_node("DequantizeLinear", ["w", "s", "wz"], ["f"], name="weights"),
        helper.make_node(product, ["d", "f"], ["y"], name="it"),
    ]
    return model(nodes, constants, shape, given, given)


def recurrent(op, gates):
    return single(op, [4, 1, 8], (floats(1, gates * 8, 8), floats(1, gates * 8, 8)), hidden_size=8)


def suppression():
    nodes = [
        helper.make_node("Transpose", ["x"], ["scores"], perm=[0, 2, 1]),
        helper.make_node("NonMaxSuppression", ["x", "scores", "most", "overlap", "least"], ["y"], name="it"),
    ]
    limits = {"most": integers(3), "overlap": numpy.float32([0.5]), "least": numpy.float32([0.1])}
    return model(nodes, limits, [1, 8, 4], TensorProto.INT64)


def probes():
    for op in UNARY:
        yield op, "", single(op)
    yield "LayerNormalization", "", single("LayerNormalization", others=[floats(8)])
    yield "InstanceNormalization", "", single("InstanceNormalization", others=[floats(16), floats(16)])
    yield "GridSample", "", single("GridSample", others=[floats(1, 4, 4, 2)])
    yield "LRN", "", single("LRN", size=5)
    yield "LpPool", "", single("LpPool", kernel_shape=[2, 2])
    yield "CumSum", "", single("CumSum", [8, 8], [numpy.int64(1)])
    yield "PRelu", "", single("PRelu", others=[floats(16, 1, 1)])
    yield "DeformConv", "", single("DeformConv", others=[floats(8, 16, 3, 3), floats(1, 18, 6, 6)], kernel_shape=[3, 3])
    yield "NonMaxSuppression", "", suppression()
    yield "Conv", "fp32", single("Conv", others=[floats(32, 16, 1, 1)])
    yield "ConvTranspose", "fp32", single("ConvTranspose", others=[floats(16, 16, 2, 2)], strides=[2, 2])
    yield "Gemm", "fp32", single("Gemm", [1, 64], [floats(64, 128)])
    yield "MatMul", "fp32", single("MatMul", [1, 8, 64], [floats(64, 128)])
    yield "Einsum", "fp32", single("Einsum", [1, 8, 64], [floats(64, 128)], equation="bij,jk->bik")
    yield "LSTM", "fp32", recurrent("LSTM", 4)
    yield "GRU", "fp32", recurrent("GRU", 3)
    yield "RNN", "fp32", recurrent("RNN", 1)
    kernel, matrix = (random.integers(-100, 100, dims).astype(numpy.int8) for dims in ((32, 16, 3, 3), (64, 128)))
    for zero in (numpy.int8(0), numpy.int8(3), numpy.uint8(0), numpy.uint8(128)):
        yield "Conv", f"quantised fp32, {zero.dtype} zero point {zero}", pairs("Conv", kernel, PICTURE, zero)
    half = pairs("Conv", kernel, PICTURE, numpy.int8(0), numpy.float16)
    yield "Conv", "quantised fp16, int8 zero point 0", half
    for kind in (numpy.float32, numpy.float16):
        label = "fp32" if kind is numpy.float32 else "fp16"
        yield "MatMul", f"quantised {label}, int8 zero point 0", pairs("MatMul", matrix, [4, 64], numpy.int8(0), kind)


def refusal(program, path, capability):
    result = subprocess.run([program, path, capability], capture_output=True, text=True, timeout=120)
    error = json.loads(result.stdout).get("error")
    return error and " ".join(f"{error} {result.stderr}".split())[:300]


def main(program):
    rows = []
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        for op, what, graph in probes():
            onnx.save(graph, file.name)
            boards = {board: refusal(program, file.name, code) for board, code in BOARDS.items()}
            rows.append({"op": op, "what": what, **boards})
    print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
