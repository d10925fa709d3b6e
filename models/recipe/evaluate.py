"""Figures of an ONNX file on frames of unseen seeds, by ONNX Runtime on the CPU.

    python evaluate.py MODEL.onnx [--seeds FIRST COUNT] [--frames PER_SEED]
"""

import argparse
import json
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from augment import plain
from frames import HEIGHT, SCALE, render
from network import LABELS, cells, decode
from score import judge, summarize

LOWEST_SCORE, MIN_SCORE, NMS_IOU = 0.02, 0.4, 0.45
# Seeds below 1000 are never trained on; the demo's camera has seed 1.
UNSEEN_FIRST, UNSEEN_COUNT, UNSEEN_FRAMES = 1, 40, 25


def suppress(boxes, scores, labels):
    """Greedy suppression per label; boxes as left, top, width, height."""
    keep = []
    order = list(np.argsort(-scores, kind="stable"))
    x0, y0 = boxes[:, 0], boxes[:, 1]
    x1, y1 = x0 + boxes[:, 2], y0 + boxes[:, 3]
    area = boxes[:, 2] * boxes[:, 3]
    alive = np.ones(len(boxes), bool)
    for i in order:
        if not alive[i]:
            continue
        keep.append(i)
        w = np.clip(np.minimum(x1[i], x1) - np.maximum(x0[i], x0), 0, None)
        h = np.clip(np.minimum(y1[i], y1) - np.maximum(y0[i], y0), 0, None)
        inter = w * h
        iou = inter / np.maximum(area[i] + area - inter, 1e-9)
        alive &= ~((iou > NMS_IOU) & (labels == labels[i]))
    return keep


def detections_of(rows, grid):
    """rows: numpy [A,5+C] as the graph gives them. Returns [n,6] label, score, box in source pixels."""
    rows = torch.from_numpy(np.ascontiguousarray(rows))
    boxes = decode(rows, grid).numpy() / SCALE
    scores = rows[:, 4:5].numpy() * rows[:, 5:].numpy()
    label = scores.argmax(1)
    score = scores.max(1)
    good = score >= LOWEST_SCORE
    boxes, label, score = boxes[good], label[good], score[good]
    boxes[:, :2] -= boxes[:, 2:] / 2
    keep = suppress(boxes, score, label)
    return np.concatenate([label[keep, None], score[keep, None], boxes[keep]], 1).astype(np.float32)


def evaluate(run, frames, truth, min_score=MIN_SCORE):
    """run: uint8 frames [1,…] → numpy [A,5+C]."""
    grid = cells()

    def one(i):
        return judge(detections_of(run(frames[i : i + 1]), grid), truth[i], HEIGHT)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        judged = list(pool.map(one, range(len(frames))))
    return summarize(judged, LABELS, min_score), judged


def onnx_runner(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda frames: session.run(None, {name: plain(torch.from_numpy(frames)).numpy()})[0][0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--seeds", nargs=2, type=int, default=[UNSEEN_FIRST, UNSEEN_COUNT])
    parser.add_argument("--frames", type=int, default=UNSEEN_FRAMES)
    options = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(options.seeds[0], sum(options.seeds))
    frames, truth = render(seeds, options.frames)
    print(json.dumps(evaluate(onnx_runner(options.model), frames, truth)[0], indent=2))


if __name__ == "__main__":
    main()
