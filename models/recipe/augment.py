"""From stored frames to input tensors on the training device, with changes that keep the truth true."""

import torch
import torch.nn.functional as F

from frames import SCALE, SCALED_HEIGHT, SCALED_WIDTH
from network import INPUT_HEIGHT, INPUT_WIDTH

PAD = 114.0
# Y, U, V to B, G, R in limited range: BT.709 and BT.601.
MATRICES = torch.tensor(
    [
        [[1.1644, 2.1124, 0.0], [1.1644, -0.2132, -0.5329], [1.1644, 0.0, 1.7927]],
        [[1.1644, 2.0172, 0.0], [1.1644, -0.3918, -0.8130], [1.1644, 0.0, 1.5960]],
    ]
)


def to_bgr(frames, matrix):
    """uint8 [B, ROWS, W] to float [B,3,SCALED_HEIGHT,W], 0–255, before padding. matrix [B,3,3]."""
    batch = frames.shape[0]
    luma = frames[:, :SCALED_HEIGHT].float()
    chroma = frames[:, SCALED_HEIGHT:].reshape(batch, 2, SCALED_HEIGHT // 2, SCALED_WIDTH // 2).float()
    chroma = chroma.repeat_interleave(2, 2).repeat_interleave(2, 3)
    yuv = torch.cat([luma[:, None] - 16, chroma - 128], 1)
    return torch.einsum("bij,bjhw->bihw", matrix, yuv).clamp(0, 255)


def letterbox(bgr):
    return F.pad(bgr, (0, INPUT_WIDTH - SCALED_WIDTH, 0, INPUT_HEIGHT - SCALED_HEIGHT), value=PAD)


def plain(frames):
    matrix = MATRICES[:1].to(frames.device).expand(len(frames), 3, 3)
    return letterbox(to_bgr(frames, matrix).round())


def uniform(shape, low, high, device):
    return torch.rand(shape, device=device) * (high - low) + low


def zoom(bgr, targets, visible):
    """Half of the pictures are cut out or shrunk; what is cut off lowers what is visible."""
    batch, device = len(bgr), bgr.device
    on = (torch.rand(batch, device=device) < 0.5).float()
    scale = 1 + on * (uniform(batch, 0.75, 1.35, device) - 1)
    room = (1 - 1 / scale).abs()
    shift = torch.stack([uniform(batch, -1, 1, device), uniform(batch, -1, 1, device)], 1) * room[:, None] * on[:, None]
    theta = torch.zeros(batch, 2, 3, device=device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1 / scale
    theta[:, :, 2] = shift
    grid = F.affine_grid(theta, bgr.shape, align_corners=False)
    bgr = F.grid_sample(bgr - PAD, grid, align_corners=False) + PAD
    size = torch.tensor([SCALED_WIDTH, SCALED_HEIGHT], device=device, dtype=torch.float32)
    corner = targets[..., :2] - targets[..., 2:] / 2
    move = lambda p: ((p / size * 2 - 1 - shift[:, None]) * scale[:, None, None] + 1) / 2 * size
    first, last = move(corner), move(corner + targets[..., 2:])
    kept0, kept1 = first.clamp(min=0).minimum(size), last.clamp(min=0).minimum(size)
    share = (kept1 - kept0).prod(-1) / (last - first).prod(-1).clamp(min=1e-6)
    targets = torch.cat([(kept0 + kept1) / 2, (kept1 - kept0).clamp(min=1e-3)], -1)
    return bgr, targets, visible * share


def recolor(bgr):
    batch, device = len(bgr), bgr.device
    gain = uniform((batch, 3, 1, 1), 0.93, 1.07, device) * uniform((batch, 1, 1, 1), 0.7, 1.3, device)
    bgr = bgr * gain + uniform((batch, 1, 1, 1), -12, 12, device)
    blurred = F.avg_pool2d(F.pad(bgr, (1, 1, 1, 1), mode="replicate"), 3, 1)
    mix = (torch.rand(batch, 1, 1, 1, device=device) < 0.4) * uniform((batch, 1, 1, 1), 0, 0.7, device)
    bgr = bgr + (blurred - bgr) * mix
    return bgr + torch.randn_like(bgr[:, :1]) * uniform((batch, 1, 1, 1), 0, 5, device)


def batch_of(frames, truth, rich=True):
    """Inputs, labels [B,M], targets [B,M,4] (centre, size in input pixels) and visible shares [B,M]."""
    device = frames.device
    labels = truth[..., 0].long()
    size = truth[..., 3:5] * SCALE
    targets = torch.cat([truth[..., 1:3] * SCALE + size / 2, size.clamp(min=1e-3)], -1)
    visible = truth[..., 5]
    which = (torch.rand(len(frames), device=device) < 0.25).long()
    bgr = to_bgr(frames, MATRICES.to(device)[which])
    flip = torch.rand(len(frames), device=device) < 0.5
    bgr = torch.where(flip[:, None, None, None], bgr.flip(3), bgr)
    targets[..., 0] = torch.where(flip[:, None], SCALED_WIDTH - targets[..., 0], targets[..., 0])
    if rich:
        bgr, targets, visible = zoom(bgr, targets, visible)
        bgr = recolor(bgr)
    return letterbox(bgr.clamp(0, 255)), labels, targets, visible
