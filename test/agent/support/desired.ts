import type { PipelineVersion } from "../../../agent/update/pipeline-version.ts";
import { FORMER_CONTRACT, FormerDesired } from "../../../fleet/contract/index.ts";
import { setDigestOf, sha256Digest, signFormer } from "../../../fleet/release/index.ts";
import { ModelManifest, PipelineSpec } from "../../../fleet/spec/index.ts";

export const FLEET = "test-fleet";
export const DEVICE = "door";
export const BOARD = "tx2";

/** A model whose "ONNX file" is a text: the stand-in addon reads its behaviour from it. */
export function modelOf(name: string, bytes: string): ModelManifest {
  return ModelManifest.parse({
    name,
    digest: sha256Digest(bytes),
    sizeBytes: Buffer.byteLength(bytes),
    labels: ["person"],
    decoder: "yolox",
  });
}

/** @param others URIs of further sources, by name */
export function pipelineOf(
  name: string,
  model: string,
  uri = "rtsp://camera/ok",
  others: Record<string, string> = {},
): PipelineSpec {
  const further = Object.entries(others).map(([source, from]) => [source, { uri: from }]);
  return PipelineSpec.parse({
    name,
    sources: { cam: { uri }, ...Object.fromEntries(further) },
    detect: { model },
    track: { algorithm: "bytetrack" },
  });
}

export function versionOf(name: string, bytes: string, uri?: string): PipelineVersion {
  return { spec: pipelineOf(name, "m", uri), model: modelOf("m", bytes) };
}

export function desiredOf(
  overrides: Partial<FormerDesired> & { generation: number },
): FormerDesired {
  const models = overrides.models ?? [];
  return FormerDesired.parse({
    contract: FORMER_CONTRACT,
    fleet: FLEET,
    device: DEVICE,
    issuedAtMs: 1,
    board: BOARD,
    artifactUrl: "http://127.0.0.1:1",
    setDigest: setDigestOf(models),
    models,
    pipelines: [],
    ...overrides,
  });
}

export function signedText(payload: unknown, privateKeyPem: string): string {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return JSON.stringify(signFormer(text, privateKeyPem));
}
