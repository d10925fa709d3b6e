import { describe, expect, test } from "vitest";
import { pullFailed, requireImage } from "../../../fleet/provision/container-image.ts";

const DOCKER = { runtime: "docker", image: `a.io/b@sha256:${"0".repeat(64)}` } as const;
const ELEMENTS =
  "parsebin videoconvert rtspsrc rtph264depay qtdemux h264parse avdec_h264 nvv4l2decoder";
const WELL = {
  started: "0\n",
  inspect: "/usr/bin/gst-inspect-1.0",
  elements: ELEMENTS.replaceAll(" ", "\n"),
  libraries: "libgstreamer-1.0.so.0\nlibcuda.so.1\nlibnvinfer.so.10\nlibnvrtc.so.12",
  smi: "| NVIDIA-SMI 535.183.01   Driver Version: 535.183.01   CUDA Version: 12.2 |",
  libc: "glibc 2.35",
  load: "loaded",
};

function asked(change: Partial<typeof WELL> = {}) {
  const output = Object.entries({ ...WELL, ...change })
    .map(([name, text]) => `${name} ${Buffer.from(text).toString("base64")}`)
    .join("\n");
  return requireImage(output, DOCKER, "a:22");
}

describe("an image that is tried", () => {
  test("is fit, and what it has not for the card is told", () => {
    expect(asked()).toEqual([]);
    expect(asked({ libraries: "libgstreamer-1.0.so.0\nlibcuda.so.1" })).toMatchObject([
      { isFatal: false, says: expect.stringContaining("neither TensorRT") as string },
      { isFatal: false, says: expect.stringContaining("libnvrtc") as string },
    ]);
  });

  test.each<[Partial<typeof WELL>, string, RegExp]>([
    [{ libraries: "" }, "BOARD_IMAGE", /it has no GStreamer.*What runs .* goes on/],
    [
      { elements: ELEMENTS.replace("h264parse ", "").replaceAll(" ", "\n") },
      "BOARD_IMAGE",
      /lacks h264parse/,
    ],
    [
      {
        load: "bin/node: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found (required by bin/node)",
        libc: "glibc 2.27",
      },
      "BOARD_IMAGE",
      /\(glibc 2\.27\) do not run ours: .*GLIBC_2\.28' not found/,
    ],
    [
      { load: "Error: libgstvideo-1.0.so.0: cannot open shared object file" },
      "BOARD_IMAGE",
      /libgstvideo/,
    ],
    [{ load: "" }, "BOARD_IMAGE", /do not run ours: no word/],
    [{ smi: "absent" }, "BOARD_IMAGE", /card cannot be used in it \(no-tool/],
    [{ smi: "Failed to initialize NVML: Unknown Error" }, "BOARD_IMAGE", /no-access/],
    [{ started: "126\nexec /bin/sh: exec format error" }, "BOARD_IMAGE", /exec format error/],
    [
      {
        started:
          '125\ndocker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]].',
      },
      "BOARD_CONTAINER",
      /could not select/,
    ],
    [{ started: "" }, "BOARD_CONTAINER", /docker ended with no word/],
  ])("is not: %o", (change, code, message) => {
    expect(() => asked(change)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error,
    );
  });
});

/** Wordings of docker 20 to 28 and podman 4. */
test.each([
  [
    "no matching manifest for linux/amd64 in the manifest list entries",
    "BOARD_IMAGE",
    /for linux\/amd64, or/,
  ],
  ["the image is of linux/arm64 and not of linux/amd64", "BOARD_IMAGE", /for linux\/amd64, or/],
  [
    "Error response from daemon: unauthorized: authentication required",
    "BOARD_IMAGE",
    /docker login/,
  ],
  ["manifest for a.io/b@sha256:0 not found: manifest unknown", "BOARD_IMAGE", /name or digest/],
  ["net/http: TLS handshake timeout", "BOARD_IMAGE", /the layers that came stay/],
  ["dial tcp: lookup nvcr.io: no such host", "BOARD_IMAGE", /Without internet/],
  [
    "failed to register layer: write /x: no space left on device",
    "BOARD_DISK_FULL",
    /docker system df/,
  ],
])("a pull that fails says what helps: %s", (says, code, hint) => {
  const error = pullFailed(says, "a:22", DOCKER);
  expect([error.code, error.hint]).toEqual([code, expect.stringMatching(hint)]);
  expect(error.message).toContain(says);
});
