"""Trains one version: seeded, a fixed number of steps."""

import copy
import math
import time

import torch

from augment import batch_of
from loss import detection_loss
from network import Detector, cells

BATCH = 192
# What is asked of the network reaches a little below the scoring rule: what is scored is then no border case.
POSITIVE_VISIBLE, VAGUE_VISIBLE = 0.3, 0.08
POSITIVE_HEIGHT, VAGUE_HEIGHT = 7.0, 4.0


def wanted(labels, targets, visible):
    height = targets[..., 3]
    real = labels >= 0
    positive = real & (visible >= POSITIVE_VISIBLE) & (height >= POSITIVE_HEIGHT)
    vague = real & ~positive & (visible >= VAGUE_VISIBLE) & (height >= VAGUE_HEIGHT)
    return positive, vague


def learning_rate(step, steps, peak):
    warm = min(400, steps // 5)
    if step < warm:
        return peak * (step + 1) / warm
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))))


@torch.no_grad()
def follow(average, model, step):
    decay = min(0.9995, (1 + step) / (20 + step))
    torch._foreach_lerp_(average, model, 1 - decay)


def floats_of(model):
    return [t for t in model.state_dict().values() if t.dtype.is_floating_point]


def prepare(seed, repeatable):
    """Repeatable arithmetic costs about half as much time again."""
    torch.manual_seed(seed)
    torch.backends.cudnn.benchmark = not repeatable
    torch.use_deterministic_algorithms(repeatable, warn_only=True)


def train(frames, truth, steps, seed, device, rich=True, repeatable=True, peak=2e-3, log=print):
    """frames and truth lie on the device. Returns the averaged model in evaluation mode."""
    prepare(seed, repeatable)
    model = Detector().to(device, memory_format=torch.channels_last)
    average = copy.deepcopy(model).eval()
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.03}, {"params": others, "weight_decay": 0}],
                                  lr=peak, fused=device == "cuda")
    averaged, current = floats_of(average), floats_of(model)
    grid = cells(device)
    started = time.time()
    half = torch.bfloat16
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, peak)
        pick = torch.randint(len(frames), (min(BATCH, len(frames)),), device=device)
        with torch.no_grad():
            inputs, labels, targets, visible = batch_of(frames[pick], truth[pick], rich)
            positive, vague = wanted(labels, targets, visible)
        with torch.autocast(torch.device(device).type, half):
            raw = model.raw(inputs.contiguous(memory_format=torch.channels_last))
        loss, parts = detection_loss(raw, grid, labels, targets, positive, vague)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        follow(averaged, current, step)
        if step % 250 == 0 or step == steps - 1:
            box, obj, cls = (float(p.detach()) for p in parts)
            log(f"step {step}/{steps} loss {float(loss.detach()):.3f} box {box:.3f} object {obj:.3f} class {cls:.3f} {time.time() - started:.0f} s")
    return average
