import { PolicyPack } from "@pulumi/policy";
import { pinnedHostKeys } from "./pinned-host-keys.mts";
import { pipelineBudget } from "./pipeline-budget.mts";
import { sourcesStayInside } from "./sources-stay-inside.mts";

// `--policy-pack-config FILE` sets other levels and what each policy lets be set.
new PolicyPack("fleet", {
  enforcementLevel: "mandatory",
  policies: [pipelineBudget, sourcesStayInside, pinnedHostKeys],
});
