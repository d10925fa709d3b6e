import { LIMITS, OPSETS } from "./limits.ts";
import type { OnnxGraph, OnnxModel } from "./model.ts";
import { readGraph } from "./read-graph.ts";
import { Budget, readMessage, refuse } from "./wire.ts";

// Field numbers of ModelProto and OperatorSetIdProto.
const MODEL = { irVersion: 1, producer: 2, graph: 7, opset: 8 } as const;

/**
 * Reads an ONNX file of an operator set that is understood here. Weights stay where they are: the result holds views
 * of `bytes`, so keep those as long as the model. Throws MODEL_INVALID with the node and the reason.
 */
export function readModel(bytes: Uint8Array): OnnxModel {
  const model = parseModel(bytes);
  requireUnderstood(model);
  return model;
}

/** As `readModel`, of any operator set: what goes in and out is told alike by all. */
export function parseModel(bytes: Uint8Array): OnnxModel {
  const opsets = new Map<string, number>();
  let irVersion = 0;
  let producer = "";
  let graph: OnnxGraph | null = null;
  readMessage(bytes, "the model", (field, reader) => {
    if (field === MODEL.irVersion) irVersion = reader.integer();
    else if (field === MODEL.producer) producer = reader.text();
    else if (field === MODEL.opset) readOpset(reader.bytes(), opsets);
    else if (field === MODEL.graph) {
      if (graph !== null) throw refuse("the model", "there are two graphs");
      graph = readGraph(reader.bytes(), new Budget());
    }
  });
  if (graph === null) throw refuse("the model", "there is no graph: this is no ONNX file");
  return { irVersion, producer, opset: opsets.get("") ?? 0, opsets, graph };
}

/** Throws MODEL_INVALID for operators of a version that the rules of layers and shapes were not written for. */
export function requireUnderstood({ opset }: OnnxModel): void {
  if (opset >= OPSETS.oldest && opset <= OPSETS.newest) return;
  const understood = `${OPSETS.oldest} to ${OPSETS.newest}`;
  throw refuse("the model", `operator set ${opset}, where ${understood} are understood`);
}

function readOpset(bytes: Uint8Array, opsets: Map<string, number>): void {
  let [domain, version] = ["", 0];
  readMessage(bytes, "an operator set", (field, reader) => {
    if (field === 1) domain = reader.text();
    else if (field === 2) version = reader.integer();
  });
  if (opsets.size > LIMITS.rank) throw refuse("an operator set", "too many operator sets");
  opsets.set(domain === "ai.onnx" ? "" : domain, version);
}
