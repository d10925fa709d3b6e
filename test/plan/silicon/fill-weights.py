"""Gives a graph that was kept without weights small random ones: `fill-weights.py GRAPH.onnx FILLED.onnx`.

Values do not matter to which layers are fused; ranges do to FP16, so they shrink with the number of inputs.
"""

import sys

import numpy
import onnx
from onnx import TensorProto, numpy_helper


def filled(tensor, random, positive):
    dims = list(tensor.dims)
    inputs = numpy.prod(dims[1:]) if len(dims) > 1 else 100
    values = random.standard_normal(dims) / numpy.sqrt(max(1, inputs))
    values = numpy.abs(values) + 0.5 if positive else values
    return numpy_helper.from_array(values.astype(numpy.float32), tensor.name)


def main(source, target):
    model = onnx.load(source, load_external_data=False)
    random = numpy.random.default_rng(1)
    variances = {node.input[4] for node in model.graph.node if node.op_type == "BatchNormalization"}
    for tensor in model.graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            if tensor.data_type != TensorProto.FLOAT:
                raise SystemExit(f"{tensor.name} of {source} is no float tensor")
            tensor.CopyFrom(filled(tensor, random, tensor.name in variances))
    onnx.save(model, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
