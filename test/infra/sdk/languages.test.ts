import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonPath, repoDir, requireNode, stateDir } from "../../../cli/setup/paths.mjs";

import { FULL } from "../../support/long-form.ts";

const run = promisify(execFile);
const MINUTE = 60_000;

/** Recent enough to compile Pulumi's own SDK without fetching another one. */
const go = ["go", "/usr/local/go/bin/go"].find((one) => spawnSync(one, ["version"]).status === 0);
const noGo = go === undefined ? " (skipped: no Go on this machine)" : "";

/** Long form: generators are built where the machine has none, and packages are fetched. */
describe.runIf(FULL)("SDKs that Pulumi generates", { timeout: 40 * MINUTE }, () => {
  let dir: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "jetfleet-sdk-"));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  async function generate(language: string): Promise<string> {
    const args = [join(repoDir, "cli/setup/run.mjs"), "sdk", language];
    await run(requireNode(), args, { maxBuffer: 2 ** 24 });
    return join(stateDir(), "sdk", language);
  }

  test("for Python compiles, is typed, and takes a device's facts as a pipeline's device", async () => {
    const sdk = await generate("python");
    const python = pythonPath();
    await run(python, ["-m", "compileall", "-q", join(sdk, "pulumi_jetfleet")]);
    expect(existsSync(join(sdk, "pulumi_jetfleet/py.typed"))).toBe(true);
    const program = join(dir, "mocked.py");
    writeFileSync(program, MOCKED);
    const { stdout } = await run(python, [program]);
    expect(JSON.parse(stdout)).toEqual({
      device: { name: "door", board: "tx2" },
      track: { algorithm: "oc-sort" },
      secondary: {
        colour: { model: expect.objectContaining({ name: "colours" }), ...LOOKED_AT },
      },
      analytics: {
        lines: { door: { from: [0.1, 0.6], to: [0.9, 0.6] } },
        zones: {
          hall: {
            points: [
              [0, 0],
              [1, 0],
              [1, 0.5],
            ],
            minDwellMs: 500,
          },
        },
      },
      ofFleet: { colour: { model: "colours", ...LOOKED_AT } },
      isSecret: true,
    });
  });

  test.skipIf(!go)(`for Go compiles with a program that uses it${noGo}`, async () => {
    const sdk = await generate("go");
    writeFileSync(join(dir, "main.go"), GO_PROGRAM);
    const module = readFileSync(join(sdk, "go.mod"), "utf8").replace(/^module .*/, "module fleet");
    const own = `\nrequire jetfleet/sdk/go/jetfleet v0.0.0\nreplace jetfleet/sdk/go/jetfleet => ${sdk}\n`;
    writeFileSync(join(dir, "go.mod"), module + own);
    const env = {
      ...process.env,
      GOFLAGS: "-mod=mod -trimpath -modcacherw -buildvcs=false",
      GOTOOLCHAIN: "local",
      GOWORK: "off",
    };
    await run(go ?? "", ["build", "-o", join(dir, "fleet"), "."], { cwd: dir, env });
    expect(existsSync(join(dir, "fleet"))).toBe(true);
  });
});

/** What the Python program says of a secondary model. */
const LOOKED_AT = { labels: ["person"], minHeight: 0.2 };

/** The Python SDK against Pulumi's mocks. */
const MOCKED = `
import json
import pulumi

seen = {}

class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        seen[args.name] = args.inputs
        facts = {"name": "door", "board": "tx2"}
        manifest = {"name": args.name, "digest": "sha256:" + "0" * 64, "sizeBytes": 1, "labels": ["person"], "decoder": "yolox"}
        return args.name, {**args.inputs, "facts": facts, "manifest": manifest}

    def call(self, args):
        return {}

pulumi.runtime.set_mocks(Mocks())
import pulumi_jetfleet as jetfleet

door = jetfleet.Device("door", address="10.0.4.17", ssh=jetfleet.SshArgs(private_key_path="~/.ssh/jetson"))
people = jetfleet.Model("people", source="people.onnx", labels=["person"], decoder=jetfleet.Decoder.YOLOX)
colours = jetfleet.Model("colours", source="colours.onnx", labels=["red"], decoder=jetfleet.Decoder.CLASSIFICATION)
looked_at = {"labels": ["person"], "min_height": 0.2}
entrance = jetfleet.Pipeline(
    "entrance",
    device=door.facts,
    sources={"camera": jetfleet.SourceArgs(uri=pulumi.Output.secret("rtsp://10.0.9.1/"))},
    detect=jetfleet.DetectArgs(model=people.manifest, min_score=0.4),
    track=jetfleet.TrackArgs(algorithm=jetfleet.TrackAlgorithm.OC_SORT),
    secondary={"colour": jetfleet.SecondaryArgs(model=colours.manifest, **looked_at)},
    analytics=jetfleet.AnalyticsArgs(
        lines={"door": jetfleet.LineArgs(from_=[0.1, 0.6], to=[0.9, 0.6])},
        zones={"hall": jetfleet.ZoneArgs(points=[[0, 0], [1, 0], [1, 0.5]], min_dwell_ms=500)},
    ),
)

north = jetfleet.Site("north", devices={"gate": jetfleet.SiteDeviceArgs(enroll=True)})
camera = jetfleet.SourceArgs(uri="rtsp://10.0.9.1/")
shops = jetfleet.Fleet(
    "shops",
    sites={
        "basel": jetfleet.FleetSiteArgs(
            devices={"gate": jetfleet.SiteDeviceArgs(enroll=True)},
            pipelines={
                "gate": jetfleet.FleetPipelineArgs(
                    sources={"camera": camera},
                    detect=jetfleet.FleetDetectArgs(model="people"),
                    track=jetfleet.TrackArgs(),
                    secondary={"colour": jetfleet.FleetSecondaryArgs(model="colours", **looked_at)},
                )
            },
        )
    },
)

def show(_):
    inputs = seen["entrance"]
    told = {key: inputs[key] for key in ("device", "track", "secondary", "analytics")}
    of_fleet = seen["shops"]["sites"]["basel"]["pipelines"]["gate"]["secondary"]
    print(json.dumps({**told, "ofFleet": of_fleet, "isSecret": "4dabf18193072939515e22adb298388d" in json.dumps(inputs["sources"])}))

# A program is over at its last line otherwise, with nothing registered.
@pulumi.runtime.test
def shown():
    return pulumi.Output.all(entrance.urn, north.urn, shops.urn).apply(show)

shown()
`;

const GO_PROGRAM = `package main

import (
	"jetfleet/sdk/go/jetfleet"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		door, err := jetfleet.NewDevice(ctx, "door", &jetfleet.DeviceArgs{
			Address: pulumi.String("10.0.4.17"),
			Board:   jetfleet.BoardNameTx2,
			Ssh:     jetfleet.SshArgs{PrivateKeyPath: pulumi.String("~/.ssh/jetson")},
		})
		if err != nil {
			return err
		}
		people, err := jetfleet.NewModel(ctx, "people", &jetfleet.ModelArgs{
			Source: pulumi.String("people.onnx"),
			Labels: pulumi.ToStringArray([]string{"person"}),
		})
		if err != nil {
			return err
		}
		_, err = jetfleet.NewFleet(ctx, "shops", &jetfleet.FleetArgs{
			Sites: map[string]jetfleet.FleetSiteInput{"north": jetfleet.FleetSiteArgs{
				Devices: map[string]jetfleet.SiteDeviceInput{
					"door": jetfleet.SiteDeviceArgs{Enroll: pulumi.Bool(true)},
				},
			}},
		})
		if err != nil {
			return err
		}
		colours, err := jetfleet.NewModel(ctx, "colours", &jetfleet.ModelArgs{
			Source:  pulumi.String("colours.onnx"),
			Labels:  pulumi.ToStringArray([]string{"red"}),
			Decoder: jetfleet.DecoderClassification,
		})
		if err != nil {
			return err
		}
		_, err = jetfleet.NewPipeline(ctx, "entrance", &jetfleet.PipelineArgs{
			Device:  door.Facts,
			Sources: jetfleet.SourceMap{"camera": jetfleet.SourceArgs{Uri: pulumi.String("rtsp://10.0.9.1/")}},
			Detect:  jetfleet.DetectArgs{Model: people.Manifest},
			Track:   jetfleet.TrackArgs{},
			Secondary: jetfleet.SecondaryMap{"colour": jetfleet.SecondaryArgs{
				Model:     colours.Manifest,
				Labels:    pulumi.ToStringArray([]string{"person"}),
				MinHeight: pulumi.Float64(0.2),
			}},
			Analytics: jetfleet.AnalyticsArgs{
				Lines: jetfleet.LineMap{"door": jetfleet.LineArgs{
					From: pulumi.ToFloat64Array([]float64{0.1, 0.6}),
					To:   pulumi.ToFloat64Array([]float64{0.9, 0.6}),
				}},
				Zones: jetfleet.ZoneMap{"hall": jetfleet.ZoneArgs{
					Points: pulumi.ToFloat64ArrayArray([][]float64{{0, 0}, {1, 0}, {1, 0.5}}),
				}},
			},
		})
		return err
	})
}
`;
