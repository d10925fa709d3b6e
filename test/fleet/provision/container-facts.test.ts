import { describe, expect, test } from "vitest";
import { requireContainer, tellContainer } from "../../../fleet/provision/container-facts.ts";
import { CONTAINER_PIECE_PATH } from "../../../fleet/provision/layout.ts";
import { unitFiles } from "../../../fleet/provision/runtime/index.ts";
import { DeviceContainer } from "../../../fleet/spec/index.ts";

const image = `nvcr.io/nvidia/deepstream@sha256:${"ab".repeat(32)}`;
const DOCKER = { runtime: "docker", image } as const;
const PODMAN = { runtime: "podman", image } as const;

/** What the board answers where all is well. */
const WELL: Record<"docker" | "podman", Record<string, string>> = {
  docker: {
    engineVersion: "Docker version 28.2.2, build e6534b4",
    enginePath: "/usr/bin/docker",
    engineInfo: '{"nvidia":{"path":"nvidia-container-runtime"},"runc":{"path":"runc"}}',
    image: "linux/amd64",
    agentContainer: "Error: No such container: jetfleet-agent\nfailed 1",
  },
  podman: {
    engineVersion: "podman version 4.3.1",
    enginePath: "/usr/bin/podman",
    engineInfo: "crun",
    cdi: 'time="…" level=info msg="Found 2 CDI devices"\nnvidia.com/gpu=0\nnvidia.com/gpu=all',
    image: "linux/amd64",
    agentContainer: "part agent.",
  },
};

function told(asked: DeviceContainer, change: Record<string, string> = {}) {
  const answers = { ...WELL[asked.runtime], ...change };
  return tellContainer((name) => answers[name as keyof typeof answers] ?? null, asked);
}

describe("what a PC runs containers with", () => {
  test.each([DOCKER, PODMAN])("is enough: $runtime", (asked) => {
    expect(told(asked)).toEqual({ container: null, image: "present", containerFault: null });
  });

  test("does not have an image that its engine does not know", () => {
    const none = { image: "[]\nError response from daemon: No such image\nfailed 1" };
    expect(told(DOCKER, none)).toMatchObject({ image: "absent", containerFault: null });
  });

  test.each<[string, DeviceContainer, Record<string, string>, RegExp, RegExp]>([
    [
      "absent",
      DOCKER,
      { engineVersion: "sh: 1: docker: not found\nfailed 127" },
      /no docker/,
      /podman if/,
    ],
    [
      "another's name",
      DOCKER,
      { engineVersion: "podman version 4.9.3" },
      /podman by another/,
      /to podman/,
    ],
    ["a snap", DOCKER, { enginePath: "/usr/bin/snap" }, /snap, which sees neither/, /snap remove/],
    [
      "too old",
      DOCKER,
      { engineVersion: "Docker version 19.03.13, build 1" },
      /19\.03, and 20\.10/,
      /Upgrade/,
    ],
    [
      "too old, too",
      PODMAN,
      { engineVersion: "podman version 3.4.4" },
      /3\.4, and 4\.1/,
      /Upgrade/,
    ],
    [
      "of no version",
      DOCKER,
      { engineVersion: "Segmentation fault" },
      /unknown version/,
      /Upgrade/,
    ],
    [
      "not running",
      DOCKER,
      {
        engineInfo: "Cannot connect to the Docker daemon. Is the docker daemon running?\nfailed 1",
      },
      /does not answer: Cannot connect/,
      /systemctl enable --now docker/,
    ],
    ["hanging", DOCKER, { engineInfo: "failed 124" }, /says nothing for 20 s/, /systemctl restart/],
    [
      "without NVIDIA's runtime",
      DOCKER,
      { engineInfo: '{"runc":{}}' },
      /no NVIDIA runtime/,
      /nvidia-ctk runtime configure/,
    ],
    [
      "without NVIDIA's tool",
      PODMAN,
      { cdi: "nvidia-ctk: not found\nfailed 127" },
      /no nvidia-ctk/,
      /Install/,
    ],
    [
      "without a specification",
      PODMAN,
      { cdi: 'msg="Found 0 CDI devices"' },
      /no CDI specification/,
      /cdi generate/,
    ],
    ["with one of one card alone", PODMAN, { cdi: "nvidia.com/gpu=0" }, /gpu=all/, /cdi generate/],
    [
      "with another's container of that name",
      DOCKER,
      { agentContainer: "part <no value>." },
      /not ours/,
      /docker rename/,
    ],
  ])("is not: one that is %s", (_what, asked, change, says, hint) => {
    const { containerFault, image: there } = told(asked, change);
    expect(containerFault?.says).toMatch(says);
    expect(containerFault?.hint).toMatch(hint);
    expect(there).toBeNull();
    const refused = () => requireContainer({ board: "x86", containerFault }, asked, "a:22");
    expect(refused).toThrow(/at a:22 to run containers by .*Nothing was changed/);
  });

  test("is not asked on a Jetson", () => {
    const refused = () => requireContainer({ board: "tx2", containerFault: null }, DOCKER, "a:22");
    expect(refused).toThrow(/a PC \(board x86\) for containers but the board at a:22 is tx2/);
    requireContainer({ board: "tx2", containerFault: null }, undefined, "a:22");
  });

  test("is told by its launcher, and by no other text", () => {
    const piece = unitFiles(PODMAN)[CONTAINER_PIECE_PATH] ?? "";
    const of = (text: string) =>
      tellContainer((name) => (name === "containerPiece" ? text : null), null);
    expect(of(piece).container).toEqual(PODMAN);
    expect(of("#!/bin/sh\n# docker latest\n").container).toBeNull();
    expect(of("").container).toBeNull();
  });
});

test.each([
  [image, true],
  [`docker.io/library/ubuntu@sha256:${"0".repeat(64)}`, true],
  [`10.0.0.1:5000/jet@sha256:${"0".repeat(64)}`, true],
  [`localhost/jet@sha256:${"0".repeat(64)}`, true],
  [`ubuntu@sha256:${"0".repeat(64)}`, false],
  [`nvidia/cuda@sha256:${"0".repeat(64)}`, false],
  ["nvcr.io/nvidia/deepstream:7.1", false],
  [`nvcr.io/nvidia/deepstream:7.1@sha256:${"0".repeat(64)}`, false],
  [`nvcr.io/nvidia/deepstream@sha256:${"0".repeat(63)}`, false],
  [`nvcr.io/x;reboot@sha256:${"0".repeat(64)}`, false],
  [`-v.io/x@sha256:${"0".repeat(64)}`, false],
])("an image is a registry, a name and a digest: %s", (text, isOne) => {
  expect(DeviceContainer.safeParse({ image: text }).success).toBe(isOne);
});
