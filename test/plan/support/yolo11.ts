import type { Layer } from "../../../fleet/plan/layers/index.ts";
import { piece } from "./listing.ts";

/** YOLO11n up to the outputs of its heads, with nodes numbered as PyTorch 1.11 numbers them on export. */
export function yolo11(): Layer[] {
  const graph = new Sketch();
  const start = graph.stage(graph.down(graph.down("images")), false);
  const p3 = graph.stage(graph.down(start), false);
  const p4 = graph.stage(graph.down(p3), true);
  const p5 = graph.attention(graph.pools(graph.stage(graph.down(p4), true)));
  const n4 = graph.stage(graph.join(graph.node("Resize", [p5]), p4), false);
  const n3 = graph.stage(graph.join(graph.node("Resize", [n4]), p3), false);
  const m4 = graph.stage(graph.join(graph.down(n3), n4), false);
  const m5 = graph.stage(graph.join(graph.down(m4), p5), true);
  for (const level of [n3, m4, m5]) graph.head(level);
  return piece(graph.lines.join("\n"));
}

class Sketch {
  readonly lines: string[] = [];
  #number = 0;

  node(op: string, reads: readonly string[], kind = ""): string {
    const name = `${op}_${this.#number++}`;
    this.lines.push(`${name} ${reads.join(" ")}${kind === "" ? "" : ` * ${kind}`}`);
    return name;
  }

  join(...parts: string[]): string {
    return this.node("Concat", parts);
  }

  silu(x: string, kind = ""): string {
    const result = this.node("Conv", [x], kind);
    return this.node("Mul", [result, this.node("Sigmoid", [result])]);
  }

  down(x: string): string {
    return this.silu(x, "3x3s2");
  }

  bottleneck(x: string): string {
    return this.node("Add", [x, this.silu(this.silu(x, "3x3"), "3x3")]);
  }

  split(x: string): [string, string] {
    this.#number++; // The sizes are a constant node.
    const name = this.node("Split", [x]);
    return [name, `${name}:1`];
  }

  deep(x: string): string {
    const main = this.bottleneck(this.bottleneck(this.silu(x)));
    return this.silu(this.join(main, this.silu(x)));
  }

  stage(x: string, deep: boolean): string {
    const [left, right] = this.split(this.silu(x));
    return this.silu(this.join(left, right, deep ? this.deep(right) : this.bottleneck(right)));
  }

  pools(x: string): string {
    const first = this.silu(x);
    const second = this.node("MaxPool", [first]);
    const third = this.node("MaxPool", [second]);
    return this.silu(this.join(first, second, third, this.node("MaxPool", [third])));
  }

  attention(x: string): string {
    const [left, right] = this.split(this.silu(x));
    this.node("Conv", [right]);
    this.#number += 12; // The attention itself, whose products are left out.
    const place = this.node("Conv", ["values"]);
    const mixed = this.node("Conv", [this.node("Add", ["attended", place])]);
    const sum = this.node("Add", [right, mixed]);
    const forward = this.node("Conv", [this.silu(sum)]);
    return this.silu(this.join(left, this.node("Add", [sum, forward])));
  }

  head(x: string): void {
    const boxes = this.node("Conv", [this.silu(this.silu(x, "3x3"), "3x3")]);
    const classes = this.silu(this.silu(this.silu(this.silu(x, "depthwise")), "depthwise"));
    this.join(boxes, this.node("Conv", [classes]));
  }
}
