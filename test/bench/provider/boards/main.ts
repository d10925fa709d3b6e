/** Hosts the boards that the JSON file of its one argument describes, and prints their ports by name. */
import { readFileSync } from "node:fs";
import { LightBoard, type LightBoardOptions } from "./light-board.ts";

const boards = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as LightBoardOptions[];
const ports = await Promise.all(
  boards.map(async (options) => [options.name, (await LightBoard.start(options)).port] as const),
);
process.stdout.write(`${JSON.stringify(Object.fromEntries(ports))}\n`);
// Who started them has gone.
process.stdin.on("end", () => process.exit(0)).resume();
