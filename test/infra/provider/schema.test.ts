import { describe, expect, test } from "vitest";
import { z } from "zod";
import { docComment, list, union } from "../../../infra/generate/code.ts";
import { Shape } from "../../../infra/generate/shape.ts";
import { jsonSchema } from "../../../infra/provider/schema/json-schema.ts";
import { packageSchema } from "../../../infra/provider/schema/package-schema.ts";
import type { PropertySpec } from "../../../infra/provider/schema/spec.ts";
import { TypeTable } from "../../../infra/provider/schema/types.ts";

const schema = packageSchema("1.2.3");

const nameIn = (token: string) => token.split(":").at(-1) ?? "";
const capitalised = (value: string) =>
  value.replace(/(?:^|[^a-z0-9]+)([a-z0-9])/gi, (_, first: string) => first.toUpperCase());

describe("the package's schema", () => {
  test("has words for every input, output and type that is an object", () => {
    const { resources, functions, types, config } = schema;
    const records: [string, Record<string, PropertySpec>][] = [
      ...Object.entries(resources).flatMap(([token, one]): typeof records => [
        [token, one.inputProperties],
        [token, one.properties],
      ]),
      ...Object.entries(functions).flatMap(([token, one]): typeof records => [
        [token, one.inputs.properties],
        [token, one.outputs.properties],
      ]),
      ...Object.entries(types).map(([token, one]): (typeof records)[number] => [
        token,
        "properties" in one ? one.properties : {},
      ]),
      ["config", config.variables],
    ];
    const silent = records.flatMap(([where, properties]) =>
      Object.entries(properties)
        .filter(([, { description = "" }]) => description.length < 5)
        .map(([key]) => `${where}.${key}`),
    );
    expect(silent).toEqual([]);
  });

  test("has no value of an enumeration whose constant in Go would be called like a type", () => {
    const named = [schema.types, schema.resources].flatMap((all) => Object.keys(all).map(nameIn));
    const constants = Object.entries(schema.types).flatMap(([token, one]) =>
      "enum" in one ? one.enum.map(({ value }) => nameIn(token) + capitalised(value)) : [],
    );
    expect(constants).toContain("DecoderClassification");
    // Pulumi's generator for Go ends in a panic.
    expect(constants.filter((constant) => named.includes(constant))).toEqual([]);
  });

  test("says which inputs are secrets, and gives none of what holds one", () => {
    const shape = new Shape(schema);
    const Device = schema.resources["jetfleet:index:Device"]!;
    const Pipeline = schema.resources["jetfleet:index:Pipeline"]!;
    expect(shape.secretsOf(Device.inputProperties).sort()).toEqual([
      "ssh.jumpHosts.*.passphrase",
      "ssh.jumpHosts.*.password",
      "ssh.passphrase",
      "ssh.password",
      "ssh.sudoPassword",
    ]);
    expect(shape.secretsOf(Pipeline.inputProperties)).toEqual(["sources.*.uri"]);
    for (const one of [Device, Pipeline]) expect(shape.secretsOf(one.properties)).toEqual([]);
  });

  test("types what the outputs of one resource and the inputs of another share", () => {
    const { Model, Pipeline } = {
      Model: schema.resources["jetfleet:index:Model"]!,
      Pipeline: schema.resources["jetfleet:index:Pipeline"]!,
    };
    const detect = schema.types[Pipeline.inputProperties["detect"]!.$ref!.slice("#/types/".length)];
    expect(detect && "properties" in detect && detect.properties["model"]!.$ref).toBe(
      Model.properties["manifest"]!.$ref,
    );
    expect(Pipeline.inputProperties["name"]!.description).toContain("Default: the name of the");
  });
});

describe("components in the package's schema", () => {
  const { Site, Fleet } = {
    Site: schema.resources["jetfleet:index:Site"]!,
    Fleet: schema.resources["jetfleet:index:Fleet"]!,
  };
  const typeOf = (name: string) => {
    const type = schema.types[`jetfleet:index:${name}`];
    return type && "properties" in type ? type.properties : {};
  };

  test("take devices, pipelines and sites by name, which are known when the program runs", () => {
    const byName = (name: string) => ({
      plain: true,
      additionalProperties: { $ref: `#/types/jetfleet:index:${name}` },
    });
    expect(Site.isComponent && Fleet.isComponent).toBe(true);
    expect(Site.inputProperties["devices"]).toMatchObject(byName("SiteDevice"));
    expect(Site.inputProperties["pipelines"]).toMatchObject(byName("SitePipeline"));
    expect(Fleet.inputProperties["sites"]).toMatchObject(byName("FleetSite"));
    expect(typeOf("FleetSite")["pipelines"]).toMatchObject(byName("FleetPipeline"));
    expect(typeOf("SiteDevice")["address"]!.plain).toBeUndefined();
  });

  test("say of a device what Device says, without defaults that would win over the site's", () => {
    const { name: _, ...inputs } = schema.resources["jetfleet:index:Device"]!.inputProperties;
    expect(Object.keys(typeOf("SiteDevice"))).toEqual(["name", ...Object.keys(inputs)]);
    expect(Object.values(typeOf("SiteDevice")).filter((one) => "default" in one)).toEqual([]);
    expect(Object.keys(typeOf("SiteCommon"))).not.toContain("address");
  });

  test("name a model of the fleet, and take the manifest of any in a site alone", () => {
    expect(typeOf("FleetDetect")["model"]!.type).toBe("string");
    expect(typeOf("Detect")["model"]!.$ref).toContain("ModelManifest");
    const shape = new Shape(schema);
    expect(shape.secretsOf(Fleet.inputProperties)).toContain("sites.*.pipelines.*.sources.*.uri");
    expect(shape.secretsOf(Site.inputProperties)).toContain("devices.*.ssh.password");
  });
});

describe("zod schemas as types of the package", () => {
  const table = () => new TypeTable();

  test("enumerations are types, named by their title or by where they stand", () => {
    const types = table();
    const one = z.object({
      kind: z.enum(["a", "b"]),
      other: z.enum(["c"]).meta({ title: "Other" }),
    });
    expect(types.object(jsonSchema(one), "Thing").properties).toEqual({
      kind: { $ref: "#/types/jetfleet:index:ThingKind" },
      other: { $ref: "#/types/jetfleet:index:Other" },
    });
    expect(types.specs["jetfleet:index:ThingKind"]).toEqual({
      type: "string",
      enum: [{ value: "a" }, { value: "b" }],
    });
  });

  test("what is said where a type stands is of the property, what is said of it, of the type", () => {
    const types = table();
    const inner = z.object({ a: z.string() }).meta({ title: "Inner", description: "an inner" });
    const outer = z.object({ here: inner.meta({ description: "the one here" }).optional() });
    const { properties } = types.object(jsonSchema(outer), "Outer");
    expect(properties["here"]!.description).toBe("the one here");
    expect(types.specs["jetfleet:index:Inner"]!.description).toBe("an inner");
  });

  test("two types of one name that are not the same are refused", () => {
    const both = z.object({
      a: z.object({ x: z.string() }).meta({ title: "Same" }),
      b: z.object({ y: z.string() }).meta({ title: "Same" }),
    });
    expect(() => table().object(jsonSchema(both), "Both")).toThrow(/two types.*called Same/);
  });
});

describe("what is generated", () => {
  test("keeps to a hundred columns, and a comment cannot be ended from within", () => {
    const long = "word ".repeat(60).trim();
    const widths = docComment(`${long} */ after`, "  ")
      .split("\n")
      .map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(100);
    expect(docComment("a */ b")).toBe("/** a *\\/ b */\n");
    expect(docComment(undefined)).toBe("");
  });

  test("lists and unions stand on one line only where they fit", () => {
    expect(list("const A = ", ['"a"', '"b"'], ["[", "]"], ";")).toBe('const A = ["a", "b"];');
    expect(
      list("const A = ", Array(20).fill('"longer"'), ["[", "]"], ";").split("\n"),
    ).toHaveLength(22);
    expect(union("T", ["a", "b"])).toBe('export type T = "a" | "b";');
    expect(union("T", Array(20).fill("longer")).split("\n")).toHaveLength(21);
  });
});
