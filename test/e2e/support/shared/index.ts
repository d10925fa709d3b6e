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
const named = declared.pipelines.flatMap((one) => [
  one,
  ...Object.values(one.secondary ?? {}).map(({ of }) => of),
]);
const files = new Map(named.map((one) => [one.model, one]));
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

for (const pipeline of declared.pipelines) {
  const { name, model, minScore, sources, isTracked, regions, secondary } = pipeline;
  const uris = Object.entries(sources ?? { camera: declared.cameraUri });
  const seconds = Object.entries(secondary ?? {}).map(([key, { of, ...spec }]) => [
    key,
    { ...spec, model: models.get(of.model)! },
  ]);
  new jf.Pipeline(
    name,
    {
      device,
      sources: Object.fromEntries(uris.map(([key, uri]) => [key, { uri }])),
      detect: { model: models.get(model)!, minScore, ...(regions && { regions }) },
      ...(isTracked && { track: {} }),
      ...(secondary && { secondary: Object.fromEntries(seconds) }),
    },
    opts,
  );
}
