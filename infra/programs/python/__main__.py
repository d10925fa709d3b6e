"""What ../quickstart declares, in Python: one model, and per device of the configuration one pipeline."""

import pulumi
import pulumi_jetfleet as jetfleet

config = pulumi.Config()

# One model for all, uploaded to the hub once.
model = jetfleet.Model(
    "people",
    source=config.require("model"),
    labels=config.require_object("labels"),
)

# The camera's address may hold a password, so it is read as a secret and stays one.
camera = config.require_secret("cameraUri")

# What must be achieved, and what the camera is said to send: a preview refuses what a board's silicon cannot give.
budget = config.get_object("budget") or {"minFps": 10, "latencyP95Ms": 500}
video = config.get_object("video")

for args in config.require_object("devices"):
    name = args["name"]
    device = jetfleet.Device(name, **args)

    # `pulumi up` returns when frames flow through it.
    jetfleet.Pipeline(
        f"{name}-entrance",
        name="entrance",
        device=device.facts,
        sources={"camera": {"uri": camera, "video": video}},
        detect={
            "model": model.manifest,
            "min_score": config.get_float("minScore") or 0.4,
        },
        track={"algorithm": "bytetrack"},
        budget={"min_fps": budget["minFps"], "latency_p95_ms": budget["latencyP95Ms"]},
        # With its device everything goes that runs there, so it need not be stopped first.
        opts=pulumi.ResourceOptions(deleted_with=device),
    )

pulumi.export("modelDigest", model.digest)
