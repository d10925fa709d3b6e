import { describe, expect, it } from "vitest";
import { coreKinds, type ProcessorFacts, processorKey } from "../../../fleet/engine/index.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const FACTS: ProcessorFacts = {
  ...{ model: digest("a"), library: digest("b"), backend: digest("c") },
  ...{ machine: "x86_64", cores: ["one", "two"], threads: 1 },
};

describe("the key of an engine for a processor", () => {
  const changes: Partial<ProcessorFacts>[] = [
    { model: digest("d") },
    { library: digest("d") },
    { backend: digest("d") },
    { machine: "aarch64" },
    { cores: ["one"] },
    { threads: 2 },
  ];
  it.each(changes)("is another one for %o", (change) => {
    expect(processorKey({ ...FACTS, ...change }).digest).not.toBe(processorKey(FACTS).digest);
  });

  it("is the same in whatever order cores are listed, and takes no line break", () => {
    expect(processorKey({ ...FACTS, cores: ["two", "one"] })).toEqual(processorKey(FACTS));
    expect(() => processorKey({ ...FACTS, cores: ["one\naccelerator gpu"] })).toThrow();
  });
});

// In the form of Linux, with fewer features: two cores of one kind, and two kinds of cores.
const X86 = `processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model		: 143
model name	: Intel(R) Xeon(R) Platinum
stepping	: 8
cpu MHz		: 2100.000
flags		: fpu vme avx avx2
bugs		: spectre_v1

processor	: 1
vendor_id	: GenuineIntel
cpu family	: 6
model		: 143
model name	: Intel(R) Xeon(R) Platinum
stepping	: 8
cpu MHz		: 3500.123
flags		: vme fpu avx2 avx
`;
const TX2 = `processor	: 0
Features	: fp asimd evtstrm aes
CPU implementer	: 0x41
CPU variant	: 0x1
CPU part	: 0xd07
CPU revision	: 3

processor	: 1
Features	: fp asimd aes
CPU implementer	: 0x4e
CPU variant	: 0x0
CPU part	: 0x003
`;

describe("kinds of cores", () => {
  it("are told once each, whatever their clocks and the order of their features", () => {
    expect(coreKinds(X86)).toEqual([
      expect.stringMatching(
        /^GenuineIntel 6 143 Intel\(R\) Xeon\(R\) Platinum 8 features [0-9a-f]{32}$/,
      ),
    ]);
    expect(coreKinds(TX2)).toHaveLength(2);
  });

  it("differ by a feature, as of a virtual machine that was moved", () => {
    expect(coreKinds(X86.replaceAll("avx2", ""))).not.toEqual(coreKinds(X86));
  });

  it.each(["", "\n\n\n", "Hardware : BCM\nSerial : 0", `${"x".repeat(5000)}: 1`])(
    "are none where nothing is said of them: %j",
    (text) => expect(coreKinds(text)).toEqual([]),
  );
});
