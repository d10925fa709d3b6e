"""Writes the ONNX files of one version and its manifest."""

import hashlib
import json
from pathlib import Path

import torch

from network import INPUT_HEIGHT, INPUT_WIDTH, LABELS

OPSET = 11
BATCHES = (1, 4, 8)
MOST_BYTES = 4_000_000


def export(model, path, batch):
    sample = torch.zeros(batch, 3, INPUT_HEIGHT, INPUT_WIDTH)
    options = {"opset_version": OPSET, "input_names": ["images"], "output_names": ["output"]}
    try:
        torch.onnx.export(model, sample, str(path), dynamo=False, **options)
    except TypeError:  # before PyTorch 2.5 there was only this exporter
        torch.onnx.export(model, sample, str(path), **options)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"expected at most {MOST_BYTES} bytes but {path} has {size}")


def write_version(model, folder, name, version, figures, training):
    """`model` in evaluation mode on the CPU. Returns the manifest."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for batch in BATCHES:
        path = folder / f"{name}-{version}-b{batch}.onnx"
        export(model, path, batch)
        data = path.read_bytes()
        cells = sum((INPUT_HEIGHT // s) * (INPUT_WIDTH // s) for s in (8, 16, 32))
        files.append({
            "file": path.name,
            "batch": batch,
            "digest": "sha256:" + hashlib.sha256(data).hexdigest(),
            "sizeBytes": len(data),
            "input": {"name": "images", "shape": [batch, 3, INPUT_HEIGHT, INPUT_WIDTH]},
            "output": {"name": "output", "shape": [batch, cells, 5 + len(LABELS)]},
        })
    manifest = {
        "name": name,
        "version": version,
        "labels": LABELS,
        "decoder": "yolox",
        "opset": OPSET,
        "parameters": sum(p.numel() for p in model.parameters()),
        "files": files,
        "figures": figures,
        "training": training,
    }
    (folder / f"{name}-{version}.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest
