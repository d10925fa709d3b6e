/** Nodes of an ONNX model in their order, a line each: name, operator, groups of a convolution (1 of others). */
import { readFileSync } from "node:fs";
import { int, readModel } from "../../../fleet/plan/onnx/index.ts";

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("Expected the path of a model");
for (const node of readModel(readFileSync(path)).graph.nodes) {
  console.log(`${node.name} ${node.op} ${int(node, "group", 1)}`);
}
