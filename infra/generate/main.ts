import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GENERATED_FOLDERS, generatedFiles } from "./files.ts";

// Run as `node infra/generate/main.ts`.
const root = join(import.meta.dirname, "../..");
const files = generatedFiles();
for (const folder of GENERATED_FOLDERS) {
  mkdirSync(join(root, folder), { recursive: true });
  for (const name of readdirSync(join(root, folder))) {
    const stale = name !== "README.md" && !files.has(`${folder}/${name}`);
    if (stale) rmSync(join(root, folder, name));
  }
}
for (const [path, text] of files) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
