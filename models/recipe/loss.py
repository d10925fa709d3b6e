"""SimOTA: every object picks the cells that predict it cheapest; the rest are told to be empty."""

import torch
import torch.nn.functional as F

from network import decode

MOST_CELLS = 10
CENTER_CELLS = 1.5
BOX_WEIGHT = 5.0


def box_iou(a, b):
    """Boxes as centre and size; broadcasts. Returns IoU and GIoU."""
    a0, a1 = a[..., :2] - a[..., 2:] / 2, a[..., :2] + a[..., 2:] / 2
    b0, b1 = b[..., :2] - b[..., 2:] / 2, b[..., :2] + b[..., 2:] / 2
    inter = (torch.minimum(a1, b1) - torch.maximum(a0, b0)).clamp(min=0).prod(-1)
    union = a[..., 2:].prod(-1) + b[..., 2:].prod(-1) - inter + 1e-6
    hull = (torch.maximum(a1, b1) - torch.minimum(a0, b0)).clamp(min=0).prod(-1) + 1e-6
    iou = inter / union
    return iou, iou - (hull - union) / hull


@torch.no_grad()
def assign(raw, boxes, grid, labels, targets, positive):
    """Which object each cell answers for: index [B,A], −1 for none, and the IoU of its box with it."""
    center = grid[:, :2] + grid[:, 2:3] / 2
    away = (center[None, None] - targets[:, :, None, :2]).abs()
    inside = (away < targets[:, :, None, 2:] / 2).all(-1)
    near = (away < CENTER_CELLS * grid[None, None, :, 2:3]).all(-1)
    allowed = (inside | near) & positive[:, :, None]

    iou, _ = box_iou(boxes[:, None], targets[:, :, None])
    score = (raw[..., 4:5].float().sigmoid() * raw[..., 5:].float().sigmoid()).sqrt().clamp(1e-6, 1 - 1e-6)
    no, yes = -(1 - score).log(), -score.log()
    base = no.sum(-1, keepdim=True) + yes - no  # [B,A,C]: cost of class c at a cell
    picked = labels.clamp(min=0)[:, None, :].expand(-1, base.shape[1], -1)
    cost = base.gather(2, picked).transpose(1, 2) - 3 * (iou + 1e-8).log()
    cost = cost + 1e5 * (~(inside & near)) + 1e9 * (~allowed)

    count = (iou * allowed).topk(MOST_CELLS, dim=2).values.sum(2).int().clamp(min=1)
    best = cost.topk(MOST_CELLS, dim=2, largest=False)
    take = torch.arange(MOST_CELLS, device=cost.device)[None, None] < count[:, :, None]
    take &= best.values < 1e8
    chosen = torch.zeros_like(allowed).scatter_(2, best.indices, take)
    # A cell that several objects want goes to the one it costs least.
    cost = cost.masked_fill(~chosen, 2e9)
    lowest, owner = cost.min(1)
    owner = owner.masked_fill(lowest > 1e9, -1)
    owned = iou.gather(1, owner.clamp(min=0)[:, None])[:, 0]
    return owner, owned


def detection_loss(raw, grid, labels, targets, positive, vague):
    """labels [B,M], targets [B,M,4] centre and size in input pixels; positive marks objects to be found, vague
    those for which neither answer is wrong."""
    boxes = decode(raw, grid)
    owner, iou = assign(raw, boxes, grid, labels, targets, positive)
    mine = owner >= 0
    total = mine.sum().clamp(min=1)

    center = grid[:, :2] + grid[:, 2:3] / 2
    covered = ((center[None, None] - targets[:, :, None, :2]).abs() < targets[:, :, None, 2:] / 2).all(-1)
    free = ~((covered & vague[:, :, None]).any(1) & ~mine)
    objectness = F.binary_cross_entropy_with_logits(raw[..., 4].float(), mine.float(), reduction="none")
    object_loss = (objectness * free).sum() / total

    batch, cell = mine.nonzero(as_tuple=True)
    which = owner[batch, cell]
    _, giou = box_iou(boxes[batch, cell], targets[batch, which])
    hot = F.one_hot(labels[batch, which], raw.shape[2] - 5).float() * iou[batch, cell][:, None]
    class_loss = F.binary_cross_entropy_with_logits(raw[batch, cell, 5:].float(), hot, reduction="sum") / total
    box_loss = (1 - giou).sum() / total
    return BOX_WEIGHT * box_loss + object_loss + class_loss, (box_loss, object_loss, class_loss)
