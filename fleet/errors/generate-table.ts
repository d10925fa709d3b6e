import { codesTable } from "./codes-table.ts";

process.stdout.write(codesTable());
