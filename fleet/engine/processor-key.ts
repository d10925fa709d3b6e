import { createHash } from "node:crypto";
import { z } from "zod";
import { Digest } from "../spec/index.ts";
import { type EngineKey, word } from "./engine-key.ts";

/** All that decides whether an engine of the reference backend, a graph optimised for one processor, is of use. */
export const ProcessorFacts = z.strictObject({
  /** Of the ONNX file. */
  model: Digest,
  /** Of ONNX Runtime's library: it names the version, the build and its options in one. */
  library: Digest,
  /** Of our backend's object, which sets the library's options. */
  backend: Digest,
  /** As `uname -m` says, "x86_64". */
  machine: word,
  /** A line for each kind of core (`coreKinds`). */
  cores: z.array(word).max(64),
  /** Of one inference. */
  threads: z.number().int().min(1).max(64),
});
export type ProcessorFacts = z.infer<typeof ProcessorFacts>;

/** Equal facts give equal keys, in whatever order cores are listed. Throws ZodError. */
export function processorKey(given: ProcessorFacts): EngineKey {
  const facts = ProcessorFacts.parse(given);
  const lines = [
    "jetfleet engine 1",
    `model ${facts.model}`,
    `library onnxruntime ${facts.library}`,
    `backend ${facts.backend}`,
    `machine ${facts.machine}`,
    ...[...facts.cores].sort().map((core) => `core ${core}`),
    "accelerator cpu",
    `threads ${facts.threads}`,
  ];
  const text = `${lines.join("\n")}\n`;
  return { text, digest: `sha256:${createHash("sha256").update(text).digest("hex")}` };
}

/** What tells kinds of cores apart: names and numbers of the makers, and the features that code is chosen by. */
const NAMES = /^(vendor_id|cpu family|model|model name|stepping|CPU (?:implementer|part|variant))$/;
const FEATURES = /^(flags|Features)$/;

/**
 * Kinds of cores in `/proc/cpuinfo`, each once, in a word: names, and a digest of the features, of which there are some
 * hundred. Empty where nothing is said of cores.
 */
export function coreKinds(cpuinfo: string): string[] {
  const kinds = cpuinfo.split(/\n\s*\n/).flatMap((block) => {
    const fields = block.split("\n").flatMap((line) => {
      const [, name, value] = /^([^:\t]+?)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
      return name !== undefined && value ? [{ name, value }] : [];
    });
    const names = fields.filter(({ name }) => NAMES.test(name)).map(({ value }) => value);
    const features = fields.find(({ name }) => FEATURES.test(name))?.value;
    if (names.length === 0 && features === undefined) return [];
    return [[...names, featureText(features)].join(" ").replace(/[^\x20-\x7e]/g, "?")];
  });
  return [...new Set(kinds)].map((kind) => kind.slice(0, 200).trim()).sort();
}

function featureText(features: string | undefined): string {
  if (features === undefined) return "features unknown";
  const sorted = features.split(/\s+/).sort().join(" ");
  return `features ${createHash("sha256").update(sorted).digest("hex").slice(0, 32)}`;
}
