"""A site whose devices run what the program says, and one pipeline more on one of them."""

import pulumi
import pulumi_jetfleet as jetfleet

config = pulumi.Config()
camera = jetfleet.SourceArgs(uri=config.require_secret("cameraUri"))

people = jetfleet.Model("people", source=config.require("model"), labels=["person"])

site = jetfleet.Site(
    "north",
    common=jetfleet.SiteCommonArgs(labels={"country": "ch"}),
    devices={"door": jetfleet.SiteDeviceArgs(enroll=True)},
    pipelines={
        "entrance": jetfleet.SitePipelineArgs(
            sources={"camera": camera},
            detect=jetfleet.DetectArgs(model=people.manifest, min_score=0.4),
        )
    },
)

jetfleet.Pipeline(
    "beside",
    device=site.facts["door"],
    sources={"camera": camera},
    detect=jetfleet.DetectArgs(model=people.manifest, min_score=0.6),
)

pulumi.export("labels", site.facts["door"].labels)
