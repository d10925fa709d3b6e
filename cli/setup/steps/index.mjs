import { agentBundle } from "./agent-bundle.mjs";
import { arm64Userland } from "./arm64-userland.mjs";
import { debianPackages } from "./debian-packages.mjs";
import { mosquitto } from "./mosquitto.mjs";
import { native, nativeAarch64, nativeCore } from "./native.mjs";
import { nodeModules } from "./node-modules.mjs";
import { pulumiEngine } from "./pulumi-engine.mjs";
import { pulumiLanguages } from "./pulumi-languages.mjs";

/** Every step, longest first so that it starts first. */
export const STEPS = [
  pulumiEngine,
  pulumiLanguages,
  debianPackages,
  nativeCore,
  nodeModules,
  native,
  nativeAarch64,
  mosquitto,
  arm64Userland,
  agentBundle,
];
