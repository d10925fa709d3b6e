import {
  compareModules,
  JETPACK_RELEASES,
  MODULES,
  type Module,
  moduleByName,
  releasesFor,
  SOCS,
  SOURCES,
  VPI_ALGORITHMS,
  vpiBackends,
} from "../../fleet/boards/catalog/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { comparisonLines, moduleLines, moduleListLines } from "../render/modules-text.ts";
import type { CommandContext } from "./command-context.ts";

interface JsonOption {
  json?: boolean;
}

/** Adds `modules`, `modules show` and `modules compare`. */
export function registerModules({ program, run }: CommandContext): void {
  const modules = program
    .command("modules")
    .alias("boards")
    .description("what is known of every Jetson module, board by board");
  modules
    .command("list", { isDefault: true })
    .description("all modules in one table")
    .option("--json", "print one JSON object, for programs")
    .action((options: JsonOption) =>
      run(() => print(options, list(), () => moduleListLines(MODULES))),
    );
  modules
    .command("show")
    .argument("<module>", "such as agx-xavier")
    .description("one module with every figure's source, and the JetPack releases for it")
    .option("--json", "print one JSON object, for programs")
    .action((name: string, options: JsonOption) =>
      run(() => {
        const module = moduleNamed(name);
        return print(options, details(module), () => moduleLines(module, width()));
      }),
    );
  modules
    .command("compare")
    .argument("<modules...>", "such as tx2 agx-xavier")
    .description("modules side by side")
    .option("--json", "print one JSON object, for programs")
    .action((names: string[], options: JsonOption) =>
      run(() => {
        const compared = names.map(moduleNamed);
        const rows = compareModules(compared);
        const json = { modules: names, rows, sources: SOURCES };
        return print(options, json, () => comparisonLines(compared, rows, width()));
      }),
    );
}

/** The module of a name the user wrote. */
export function moduleNamed(name: string): Module {
  const found = moduleByName(name);
  if ("module" in found) return found.module;
  if (found.choices.length > 0) {
    const choices = found.choices.map(({ id, difference }) => `${id} (${difference})`).join(", ");
    throw new FleetError("USAGE", `expected one module, got the family ${JSON.stringify(name)}`, {
      hint: `Name one of ${choices}.`,
    });
  }
  const names = MODULES.map(({ id }) => id).join(", ");
  throw new FleetError("USAGE", `expected a module of ${names}, got ${JSON.stringify(name)}`, {
    hint: "Run `jetfleet modules` for the table.",
  });
}

function list(): unknown {
  const jetpacks = JETPACK_RELEASES.map((release) => ({
    ...release,
    modules: MODULES.filter((module) => releasesFor(module).includes(release)).map(({ id }) => id),
  }));
  return { modules: MODULES, chips: SOCS, jetpacks, sources: SOURCES };
}

function details(module: Module): unknown {
  const jetpacks = releasesFor(module).map((release) => ({
    ...release,
    vpiBackends: vpiBackends(module, release),
  }));
  return {
    module,
    chip: SOCS[module.soc],
    jetpacks,
    vpiAlgorithms: VPI_ALGORITHMS,
    sources: SOURCES,
  };
}

function print(options: JsonOption, json: unknown, lines: () => string[]): Promise<number> {
  const text = options.json ? JSON.stringify(json, null, 2) : lines().join("\n");
  process.stdout.write(`${text}\n`);
  return Promise.resolve(0);
}

function width(): number {
  return Math.max(60, process.stdout.columns ?? (Number(process.env["COLUMNS"]) || 100));
}
