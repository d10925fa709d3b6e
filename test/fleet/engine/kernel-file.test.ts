import { describe, expect, it } from "vitest";
import { readKernelFile } from "../../../fleet/engine/index.ts";
import { madeKernel } from "./made-kernel.ts";

describe("a kernel's file", () => {
  it("tells its source, its GPU, its compiler and the name that a runner looks for", () => {
    const { bytes, fileName } = madeKernel("prepare", 87);
    const told = { name: "prepare", capability: 87, compiler: "12.9", fileName };
    expect(readKernelFile(bytes)).toEqual(told);
    // Wherever it lies in its buffer.
    const within = Buffer.concat([Buffer.from("abc"), bytes]).subarray(3);
    expect(readKernelFile(within)).toEqual(told);
  });

  it("is none when it is cut anywhere, or a byte of what it holds is another", () => {
    const { bytes } = madeKernel("prepare", 62);
    for (let length = 0; length < bytes.length; length += 7) {
      expect(readKernelFile(bytes.subarray(0, length))).toBeNull();
    }
    for (let at = bytes.indexOf(0); at < bytes.length; at += 11) {
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] as number) ^ 1;
      expect(readKernelFile(altered), `byte ${at}`).toBeNull();
    }
  });

  it.each(["", "\0", "jetfleet kernel 1\nprepare sm_87\n\0", "jetfleet kernel 2\n../up sm_87\n\0"])(
    "is not %j",
    (text) => expect(readKernelFile(Buffer.from(text.padEnd(200, "x")))).toBeNull(),
  );
});
