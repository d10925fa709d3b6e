import { readFileSync } from "node:fs";
import * as jf from "jetfleet";
import type { Declared } from "../shared-program.ts";

const file = process.env["JETFLEET_TEST_PROGRAM"] ?? "";
const declared = JSON.parse(readFileSync(file, "utf8")) as Declared;

const opts = { provider: new jf.Provider("fleet", declared.fleet) };
const { name: deviceName } = declared.device;
const device = declared.board
  ? { name: deviceName, board: declared.board }
  : new jf.Device(deviceName, declared.device, opts);
const files = new Map(declared.pipelines.map((one) => [one.model, one]));
const models = new Map(
  [...files].map(([source, { labels = ["thing"], decoder, input }], n) => [
    source,
    new jf.Model(
      `m${n}`,
      { source, labels, ...(decoder && { decoder }), ...(input && { input }) },
      opts,
    ),
  ]),
);

for (const { name, model, minScore } of declared.pipelines) {
  const detect = { model: models.get(model)!, minScore };
  new jf.Pipeline(name, { device, sources: { camera: { uri: declared.cameraUri } }, detect }, opts);
}
