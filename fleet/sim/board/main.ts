import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { describeError, FleetError } from "../../errors/index.ts";
import { Name } from "../../spec/index.ts";
import { Behaviour } from "./behaviour.ts";
import { startBoard } from "./board.ts";
import { PlayedBoard } from "./images.ts";

const USAGE =
  "usage: node fleet/sim/board/main.ts --name NAME --board tx2|agx-xavier|x86 --dir DIR --authorized-key FILE.pub " +
  "[--ssh-port 0] [--behaviour JSON] [--userland DIR]";

const Options = z.object({
  name: Name,
  board: PlayedBoard,
  dir: z.string().min(1),
  "authorized-key": z.string().min(1),
  "ssh-port": z.coerce.number().int().min(0).max(65535).default(0),
  userland: z.string().min(1).optional(),
  behaviour: z
    .string()
    .default("{}")
    .transform((text) => Behaviour.parse(JSON.parse(text))),
});

try {
  const options = readOptions();
  const board = await startBoard({
    name: options.name,
    board: options.board,
    dir: options.dir,
    authorizedKeys: readFileSync(options["authorized-key"], "utf8"),
    sshPort: options["ssh-port"],
    behaviour: options.behaviour,
    userland: options.userland,
  });
  console.log(JSON.stringify(board.info));
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.once(signal, () => void board.stop().then(() => process.exit(0)));
  }
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}

function readOptions(): z.infer<typeof Options> {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      options: {
        name: text,
        board: text,
        dir: text,
        "authorized-key": text,
        "ssh-port": text,
        behaviour: text,
        userland: text,
      },
    });
    return Options.parse(values);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new FleetError("USAGE", why, { hint: USAGE });
  }
}
