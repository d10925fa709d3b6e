"""The whole recipe: draws the frames, trains the versions, exports and measures them.

    make -C native -f scene/scene.mk scene
    python models/recipe/run.py --out OUT [--versions v1 v2] [--share 1.0]

`--share` scales the work for a trial on a small machine; committed files come from share 1.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts: repeatable products

import numpy as np
import torch

import evaluate as evaluation
from export import write_version
from frames import render
from train import train

NAME = "street"
# v1 is honest but small: few streets, early daylight only, a short training without changes to its pictures. A
# short training magnifies rounding, so its arithmetic repeats bit for bit on one kind of GPU.
VERSIONS = {
    "v1": {"seed": 11, "firstSeed": 50_000, "seeds": 20, "framesPerSeed": 40, "daylight": True, "steps": 600, "rich": False, "repeatable": True},
    "v2": {"seed": 22, "firstSeed": 100_000, "seeds": 720, "framesPerSeed": 80, "daylight": False, "steps": 8000, "rich": True, "repeatable": False},
}


def scaled(plan, share):
    if share == 1:
        return plan
    return {**plan, "seeds": max(2, int(plan["seeds"] * share)), "steps": max(3, int(plan["steps"] * share))}


def make(version, plan, unseen, out, device, tag):
    started = time.time()
    seeds = range(plan["firstSeed"], plan["firstSeed"] + plan["seeds"])
    frames, truth = render(seeds, plan["framesPerSeed"], daylight=plan["daylight"])
    print(f"{version}: {len(frames)} frames drawn in {time.time() - started:.0f} s", flush=True)
    started = time.time()
    model = train(torch.from_numpy(frames).to(device), torch.from_numpy(truth).to(device), plan["steps"], plan["seed"], device,
                  rich=plan["rich"], repeatable=plan["repeatable"], log=lambda text: print(text, flush=True))
    print(f"{version}: trained in {time.time() - started:.0f} s", flush=True)
    del frames, truth
    model = model.float().cpu().eval()
    torch.save(model.state_dict(), Path(out) / f"{NAME}-{version}{tag}.pt")
    files = Path(out) / f"files{tag}"
    manifest = write_version(model, files, NAME, version, {}, plan)
    figures, _ = evaluation.evaluate(evaluation.onnx_runner(files / f"{NAME}-{version}-b1.onnx"), *unseen)
    manifest["figures"] = {"unseenSeeds": [evaluation.UNSEEN_FIRST, evaluation.UNSEEN_COUNT], **figures}
    (files / f"{NAME}-{version}.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(version, json.dumps(figures), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--versions", nargs="+", default=list(VERSIONS))
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--tag", default="", help="added to the names of this run's outputs")
    options = parser.parse_args()
    Path(options.out).mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    np.random.seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    first, count = evaluation.UNSEEN_FIRST, max(2, int(evaluation.UNSEEN_COUNT * min(1, options.share)))
    unseen = render(range(first, first + count), evaluation.UNSEEN_FRAMES)
    print(f"{len(unseen[0])} unseen frames drawn, training on {device}", flush=True)
    for version in options.versions:
        make(version, scaled(VERSIONS[version], options.share), unseen, options.out, device, options.tag)


if __name__ == "__main__":
    main()
