import { type Properties, Secret } from "../../../infra/provider/rpc/values.ts";

/** Inputs as a program gives them; `path` of `change` is dotted and `undefined` removes. */
export function pipelineInputs(device = "door"): Properties {
  return {
    name: "entrance",
    device: { name: device, board: "tx2" },
    sources: { cam1: { uri: new Secret("rtsp://viewer:geheim@10.0.9.1/stream1") } },
    detect: { model: manifest(), minScore: 0.5 },
    track: { algorithm: "bytetrack" },
  };
}

export function manifest(digit = "a"): Properties {
  return {
    name: "people",
    digest: `sha256:${digit.repeat(64)}`,
    sizeBytes: 1000,
    labels: ["person"],
    decoder: "yolox",
  };
}

export function deviceInputs(): Properties {
  return {
    name: "door",
    address: "10.0.4.17",
    board: "tx2",
    ssh: { privateKeyPath: "~/.ssh/jetson" },
  };
}

/** A copy with one value changed. */
export function changed(inputs: Properties, path: string, value: unknown): Properties {
  const copy = { ...inputs };
  const [head = "", ...rest] = path.split(".");
  if (rest.length > 0)
    copy[head] = changed((inputs[head] ?? {}) as Properties, rest.join("."), value);
  else if (value === undefined) delete copy[head];
  else copy[head] = value as Properties[string];
  return copy;
}
