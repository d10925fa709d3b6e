"""Frames of the scene as the detector will see them, drawn by libjetfleet-scene.so in worker processes.

A frame is kept as scaled I420: 288 rows of luma 512 wide, then both chroma planes, as the runtime makes it
(scaled in YUV with bilinear filter, then converted). Some are squeezed through JPEG at full size first, to
stand for what video coding does to edges.
"""

import ctypes
import os
from multiprocessing import Pool, shared_memory
from pathlib import Path

import cv2
import numpy as np

from network import INPUT_HEIGHT, INPUT_WIDTH

WIDTH, HEIGHT, FPS = 1280, 720, 15.0
SCALE = min(INPUT_WIDTH / WIDTH, INPUT_HEIGHT / HEIGHT)
# In single precision, as the runtime reckons.
SCALED_WIDTH, SCALED_HEIGHT = (int(np.float32(n) * np.float32(SCALE)) for n in (WIDTH, HEIGHT))
ROWS = SCALED_HEIGHT * 3 // 2
MOST_OBJECTS = 32
# label, left, top, width, height (source pixels), visible; label −1 fills up.
FIELDS = 6
LIBRARY = Path(__file__).resolve().parents[2] / "native/build/libjetfleet-scene.so"
# The light's day and the step in which shadows stand still, in frames (native/scene/light.h).
DAY_FRAMES, SUN_STEP_FRAMES = 9000, 150


class Object(ctypes.Structure):
    _fields_ = [
        ("id", ctypes.c_uint64),
        ("label", ctypes.c_int32),
        ("left", ctypes.c_int32),
        ("top", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("visible", ctypes.c_float),
    ]


class Scene:
    def __init__(self, seed, library=LIBRARY):
        self.library = ctypes.CDLL(str(library))
        create = self.library.jetfleet_scene_create
        create.restype = ctypes.c_void_p
        create.argtypes = [ctypes.c_uint64, ctypes.c_int, ctypes.c_int, ctypes.c_double]
        self.draw = self.library.jetfleet_scene_frame
        self.draw.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p, ctypes.POINTER(Object), ctypes.c_int]
        self.library.jetfleet_scene_destroy.argtypes = [ctypes.c_void_p]
        self.handle = create(seed, WIDTH, HEIGHT, FPS)
        self.objects = (Object * 254)()
        self.i420 = np.empty((HEIGHT * 3 // 2, WIDTH), np.uint8)

    def frame(self, number):
        """I420 of the whole frame (valid until the next call) and its objects [n, FIELDS]."""
        count = self.draw(self.handle, number, self.i420.ctypes.data, self.objects, 254)
        rows = [(o.label, o.left, o.top, o.width, o.height, o.visible) for o in self.objects[:count]]
        return self.i420, np.array(rows, np.float32).reshape(-1, FIELDS)

    def close(self):
        self.library.jetfleet_scene_destroy(self.handle)


def split(i420, width, height):
    luma = i420[:height]
    chroma = i420[height:].reshape(2, height // 2, width // 2)
    return luma, chroma[0], chroma[1]


def squeeze(plane, quality):
    ok, data = cv2.imencode(".jpg", plane, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if ok else plane


def shrink(i420, quality=None):
    planes = split(i420, WIDTH, HEIGHT)
    if quality is not None:
        planes = [squeeze(plane, quality) for plane in planes]
    sizes = [(SCALED_WIDTH, SCALED_HEIGHT)] + 2 * [(SCALED_WIDTH // 2, SCALED_HEIGHT // 2)]
    parts = [cv2.resize(p, s, interpolation=cv2.INTER_LINEAR).reshape(-1) for p, s in zip(planes, sizes)]
    return np.concatenate(parts).reshape(ROWS, SCALED_WIDTH)


def choose(seed, count, daylight):
    """Frame numbers for one seed: a few per step of the sun, because a new step costs time."""
    dice = np.random.default_rng([seed, 7])
    last = DAY_FRAMES // 10 if daylight else DAY_FRAMES
    steps = dice.choice(max(1, last // SUN_STEP_FRAMES), size=-(-count // 5), replace=True)
    numbers = [s * SUN_STEP_FRAMES + f for s in sorted(steps) for f in sorted(dice.choice(SUN_STEP_FRAMES, 5, replace=False))]
    return numbers[:count]


def render_seed(job):
    seed, first, count, daylight, degrade, names, total = job
    cv2.setNumThreads(1)
    frames_memory, truth_memory = (shared_memory.SharedMemory(n) for n in names)
    frames = np.ndarray((total, ROWS, SCALED_WIDTH), np.uint8, frames_memory.buf)
    truth = np.ndarray((total, MOST_OBJECTS, FIELDS), np.float32, truth_memory.buf)
    dice = np.random.default_rng([seed, 8])
    scene = Scene(seed)
    for i, number in enumerate(choose(seed, count, daylight)):
        picture, objects = scene.frame(int(number))
        quality = int(dice.integers(30, 90)) if degrade and dice.random() < 0.6 else None
        frames[first + i] = shrink(picture, quality)
        objects = objects[np.argsort(-objects[:, 5], kind="stable")][:MOST_OBJECTS]
        truth[first + i] = -1
        truth[first + i, : len(objects)] = objects
    scene.close()
    return count


def render(seeds, per_seed, daylight=False, degrade=True):
    """All frames of all seeds: uint8 [N, ROWS, 512] and float32 [N, MOST_OBJECTS, FIELDS]."""
    total = len(seeds) * per_seed
    shapes = [(total, ROWS, SCALED_WIDTH), (total, MOST_OBJECTS, FIELDS)]
    sizes = [int(np.prod(shapes[0])), int(np.prod(shapes[1])) * 4]
    memories = [shared_memory.SharedMemory(create=True, size=size) for size in sizes]
    names = [m.name for m in memories]
    jobs = [(s, i * per_seed, per_seed, daylight, degrade, names, total) for i, s in enumerate(seeds)]
    with Pool(os.cpu_count()) as pool:
        for _ in pool.imap_unordered(render_seed, jobs):
            pass
    copies = [np.ndarray(shape, kind, m.buf).copy() for shape, kind, m in zip(shapes, (np.uint8, np.float32), memories)]
    for memory in memories:
        memory.close()
        memory.unlink()
    return copies
