import { readFileSync } from "node:fs";
import * as jf from "jetfleet";
import type { Declared, Options } from "../support/stack.ts";

const file = process.env["JETFLEET_TEST_PROGRAM"] ?? "";
const declared = JSON.parse(readFileSync(file, "utf8")) as Declared;

/** No device goes with another. */
const plain = ({ deletedWith: _, ...opts }: Options = {}) => opts;

// As the test names them: what it declares is the program.
const devices = new Map(
  (declared.devices ?? []).map(({ as, args, opts }) => [as, new jf.Device(as, args, plain(opts))]),
);
const withDevice = ({ deletedWith, ...opts }: Options = {}) => ({
  ...opts,
  ...(deletedWith !== undefined && { deletedWith: devices.get(deletedWith)! }),
});
const models = new Map(
  (declared.models ?? []).map(({ as, args, opts }) => [
    as,
    new jf.Model(as, args, withDevice(opts)),
  ]),
);
for (const { as, device, model, uri, minScore, name, opts } of declared.pipelines ?? []) {
  const args = {
    ...(name !== undefined && { name }),
    device: devices.get(device) ?? { name: device, board: "tx2" as const },
    sources: { camera: { uri } },
    detect: { model: models.get(model)!, minScore },
  };
  new jf.Pipeline(as, args, withDevice(opts));
}
