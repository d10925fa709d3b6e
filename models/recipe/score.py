"""Precision, recall and mAP of detections against the truth, by the rule of models/scoring.json.

An object counts when at least `minVisible` of it can be seen and it is at least `minHeightShare` of the picture's
height. A detection is right when it has the same label as a counting object and IoU of at least `iou` with it; each
object is found once, the better score first. A detection that is not right but has IoU of at least `ignoreIou`
with an object that does not count (whatever its label) is left out; every other one is wrong.
"""

import json
from pathlib import Path

import numpy as np

RULE = json.loads((Path(__file__).resolve().parents[1] / "scoring.json").read_text())


def iou_matrix(a, b):
    """Boxes as left, top, width, height."""
    left = np.maximum(a[:, None, 0], b[None, :, 0])
    top = np.maximum(a[:, None, 1], b[None, :, 1])
    right = np.minimum(a[:, None, 0] + a[:, None, 2], b[None, :, 0] + b[None, :, 2])
    bottom = np.minimum(a[:, None, 1] + a[:, None, 3], b[None, :, 1] + b[None, :, 3])
    inter = np.clip(right - left, 0, None) * np.clip(bottom - top, 0, None)
    area = lambda x: x[:, 2] * x[:, 3]
    return inter / np.maximum(area(a)[:, None] + area(b)[None] - inter, 1e-9)


def counts(truth, picture_height):
    return (truth[:, 5] >= RULE["minVisible"]) & (truth[:, 4] >= RULE["minHeightShare"] * picture_height)


def judge(detections, truth, picture_height):
    """detections [n,6]: label, score, left, top, width, height. Returns verdicts in order of falling score
    (1 right, 0 wrong, −1 left out), the sorted detections, and the counting objects' labels."""
    detections = detections[np.argsort(-detections[:, 1], kind="stable")]
    truth = truth[truth[:, 0] >= 0]
    wanted = counts(truth, picture_height)
    objects, others = truth[wanted], truth[~wanted]
    overlap = iou_matrix(detections[:, 2:6], objects[:, 1:5])
    overlap[detections[:, 0][:, None] != objects[:, 0][None]] = 0
    ignored = iou_matrix(detections[:, 2:6], others[:, 1:5])
    verdicts = np.zeros(len(detections), np.int8)
    free = np.ones(len(objects), bool)
    for i in range(len(detections)):
        row = np.where(free, overlap[i], 0)
        if row.size and row.max() >= RULE["iou"]:
            free[row.argmax()] = False
            verdicts[i] = 1
        elif ignored.shape[1] and ignored[i].max() >= RULE["ignoreIou"]:
            verdicts[i] = -1
    return verdicts, detections, objects[:, 0]


def average_precision(scores, right, total):
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    recall = hits / max(total, 1)
    precision = hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.diff(np.concatenate([[0], recall]))
    return float(np.sum(steps * precision))


def summarize(judged, labels, min_score):
    """judged: what judge() returned for each frame. min_score decides precision and recall, not mAP."""
    verdicts = np.concatenate([j[0] for j in judged])
    detections = np.concatenate([j[1] for j in judged])
    objects = np.concatenate([j[2] for j in judged])
    keep = verdicts >= 0
    verdicts, detections = verdicts[keep], detections[keep]
    result = {"frames": len(judged), "minScore": min_score, "perLabel": {}}

    def rates(of, total):
        shown = of & (detections[:, 1] >= min_score)
        hits = int((verdicts[shown] == 1).sum())
        return {
            "objects": int(total),
            "precision": round(hits / max(int(shown.sum()), 1), 4),
            "recall": round(hits / max(int(total), 1), 4),
        }

    for number, label in enumerate(labels):
        of = detections[:, 0] == number
        total = (objects == number).sum()
        ap = average_precision(detections[of, 1], verdicts[of] == 1, total)
        result["perLabel"][label] = {**rates(of, total), "ap50": round(ap, 4)}
    result |= rates(np.ones(len(detections), bool), len(objects))
    result["map50"] = round(float(np.mean([v["ap50"] for v in result["perLabel"].values()])), 4)
    return result
