"""Makes a float model compute in FP16: `to-half.py MODEL.onnx HALF.onnx`.

TensorRT-RTX takes only strongly typed networks, so the types of the graph are those of the engine. Nodes keep their
names; the scales and regions of a resize stay FP32, as ONNX wants them.
"""

import sys

import numpy
import onnx
from onnx import TensorProto, numpy_helper

LARGEST = float(numpy.finfo(numpy.float16).max)


def stays_float(graph):
    resizes = [node for node in graph.node if node.op_type in ("Resize", "Upsample")]
    return {name for node in resizes for name in node.input[1:]}


def halve(tensor):
    if tensor.data_type != TensorProto.FLOAT:
        return
    values = numpy_helper.to_array(tensor).clip(-LARGEST, LARGEST)
    tensor.CopyFrom(numpy_helper.from_array(values.astype(numpy.float16), tensor.name))


def halve_node(node, kept):
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.TENSOR and not kept.intersection(node.output):
            halve(attribute.t)
        if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
            attribute.i = TensorProto.FLOAT16


def main(source, target):
    model = onnx.load(source)
    graph = model.graph
    kept = stays_float(graph)
    for tensor in graph.initializer:
        if tensor.name not in kept:
            halve(tensor)
    for node in graph.node:
        halve_node(node, kept)
    for value in (*graph.input, *graph.output):
        if value.type.tensor_type.elem_type == TensorProto.FLOAT and value.name not in kept:
            value.type.tensor_type.elem_type = TensorProto.FLOAT16
    del graph.value_info[:]
    onnx.save(model, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
