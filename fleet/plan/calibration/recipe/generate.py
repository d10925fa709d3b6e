"""Writes the graphs of the calibration set, without weights: `python generate.py ../networks`.

Only shapes matter to the estimate, so weights are random, and what is larger than a shape is dropped from the
file. Tensors get short names; everything else is what the exporter wrote.
"""

import io
import sys
import warnings
from pathlib import Path

import onnx
import timm
import torch
import torchvision

import darknet
import others

tv = torchvision.models
NETWORKS = {
    "alexnet": (tv.alexnet, 224),
    "squeezenet1_1": (tv.squeezenet1_1, 224),
    "resnet18": (tv.resnet18, 224),
    "resnet34": (tv.resnet34, 224),
    "resnet50": (tv.resnet50, 224),
    "resnet101": (tv.resnet101, 224),
    "resnet152": (tv.resnet152, 224),
    "densenet121": (tv.densenet121, 224),
    "vgg16": (tv.vgg16, 224),
    "vgg19": (tv.vgg19, 224),
    "mobilenet_v2": (tv.mobilenet_v2, 224),
    "shufflenet_v2": (tv.shufflenet_v2_x1_0, 224),
    "mnasnet1_0": (tv.mnasnet1_0, 224),
    "inception_v1": (lambda: tv.googlenet(aux_logits=False, init_weights=False), 224),
    "inception_v3": (lambda: tv.inception_v3(aux_logits=False, init_weights=False), 299),
    "inception_v4": (lambda: timm.create_model("inception_v4", pretrained=False), 299),
    "mobilenet_v1_1.0_224": (lambda: others.MobilenetV1(1.0), 224),
    "mobilenet_v1_0.5_160": (lambda: others.MobilenetV1(0.5), 160),
    "mobilenet_v1_0.25_128": (lambda: others.MobilenetV1(0.25), 128),
    "ssd_mobilenet_v1": (others.SsdMobilenetV1, 300),
    "ssd_resnet34": (others.SsdResnet34, 1200),
    "fcn_resnet18": (others.FcnResnet18, (256, 512)),
    "yolov3": (darknet.Yolov3, 608),
    "yolov3_spp": (lambda: darknet.Yolov3(spp=True), 608),
    "yolov3_tiny": (darknet.Yolov3Tiny, 416),
    "yolov4": (darknet.Yolov4, 416),
    "yolov4_tiny": (darknet.Yolov4Tiny, 416),
}
SHAPE_SIZED = 64


def export(build, size):
    model = build().eval()
    height, width = (size, size) if isinstance(size, int) else size
    buffer = io.BytesIO()
    torch.onnx.export(model, torch.zeros(1, 3, height, width), buffer, opset_version=11, input_names=["input"])
    return onnx.load_from_string(buffer.getvalue())


def strip(model):
    names = {tensor.name: tensor.name for tensor in [*model.graph.input, *model.graph.output]}
    short = lambda name: names.setdefault(name, f"t{len(names)}") if name else ""
    for number, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{number}"
        node.doc_string = ""
        node.input[:] = [short(name) for name in node.input]
        node.output[:] = [short(name) for name in node.output]
    for tensor in model.graph.initializer:
        tensor.name = short(tensor.name)
        elements = 1
        for dim in tensor.dims:
            elements *= dim
        if elements > SHAPE_SIZED or tensor.data_type == onnx.TensorProto.FLOAT:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            entry = tensor.external_data.add()
            entry.key, entry.value = "location", "not-kept"
    del model.graph.value_info[:]
    return model


def main(folder):
    warnings.filterwarnings("ignore")
    folder.mkdir(parents=True, exist_ok=True)
    for name, (build, size) in NETWORKS.items():
        data = strip(export(build, size)).SerializeToString()
        (folder / f"{name}.onnx").write_bytes(data)
        print(f"{name} {len(data)}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
