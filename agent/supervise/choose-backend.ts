import { basename } from "node:path";
import { FleetError } from "../../fleet/errors/index.ts";

export interface BackendQuestion {
  accelerator: string;
  /** Paths of shared objects that were found, in the order in which they are preferred. */
  objects: readonly string[];
  /** Folders that were looked into. */
  folders: readonly string[];
  /** Version of the installed TensorRT, "8.2.1-1+cuda10.2"; null when none is installed or nobody knows. */
  tensorrt: string | null;
}

export interface ChosenBackend {
  backendPath: string;
  /** In a few words, as "onnxruntime" or "tensorrt 8.5". */
  name: string;
  /** Those that were not taken, and why. */
  passedOver: { path: string; why: string }[];
}

const OBJECT =
  /^libjetfleet-backend-(onnxruntime|tensorrt-(\d+\.\d+)|tensorrt-rtx-(\d+\.\d+))\.so$/;

/**
 * The backend for an accelerator. TensorRT's objects are made for one generation each (their tables of virtual functions
 * differ behind one file name), so only that of the very generation that is installed will do. Throws NATIVE_LOAD, which
 * names what was found and why none of it will do.
 */
export function chooseBackend(question: BackendQuestion): ChosenBackend {
  const passedOver: ChosenBackend["passedOver"] = [];
  for (const path of question.objects) {
    const why = objection(path, question);
    if (why === null) return { backendPath: path, name: nameOf(path), passedOver };
    passedOver.push({ path, why });
  }
  const found = passedOver.map(({ path, why }) => `${path}: ${why}`).join("; ");
  throw new FleetError(
    "NATIVE_LOAD",
    `Expected a backend for accelerator ${question.accelerator} in ${question.folders.join(", ")} but found ${found || "none"}`,
    { hint: hintOf(question) },
  );
}

/** As chooseBackend; null where none will do. */
export function findBackend(question: BackendQuestion): string | null {
  return question.objects.find((path) => objection(path, question) === null) ?? null;
}

function objection(path: string, { accelerator, tensorrt }: BackendQuestion): string | null {
  const [, kind, generation] = OBJECT.exec(basename(path)) ?? [];
  if (kind === undefined) return "no backend of ours";
  if (kind === "onnxruntime") return accelerator === "cpu" ? null : "runs on the processor";
  if (accelerator === "cpu") return "runs on GPUs and DLAs";
  if (generation === undefined) {
    return accelerator === "gpu" && tensorrt === null
      ? null
      : "is for PCs with a card and without TensorRT";
  }
  if (tensorrt === null) return `made for TensorRT ${generation}, and none is installed`;
  return generationOf(tensorrt) === generation
    ? null
    : `made for TensorRT ${generation}, and ${tensorrt} is installed`;
}

function hintOf({ accelerator, tensorrt }: BackendQuestion): string {
  if (accelerator === "cpu") return "Run `make -C native`, or deploy the device again.";
  return tensorrt === null
    ? "Install TensorRT (package libnvinfer8 or libnvinfer10, with libnvonnxparsers), or ask for accelerator auto."
    : "Install TensorRT's headers and a compiler on the board (packages libnvinfer-dev, libnvonnxparsers-dev, g++) and deploy again: it compiles the backend by itself; or ask for accelerator auto.";
}

/** "8.2" of "8.2.1-1+cuda10.2". */
function generationOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

function nameOf(path: string): string {
  return basename(path)
    .replace(/^libjetfleet-backend-|\.so$/g, "")
    .replace(/-(?=\d)/, " ");
}
