import { packageSchema } from "../provider/schema/package-schema.ts";
import { referencePages } from "./reference.ts";
import { typeScriptFiles } from "./typescript.ts";

/** Nothing else is in these but a README. */
export const GENERATED_FOLDERS = ["infra/sdk/generated", "infra/sdk/reference"] as const;

/** What is generated, by path from the clone's root. */
export function generatedFiles(): Map<string, string> {
  // No version stands in what is generated.
  const schema = packageSchema("0.0.0");
  const [code, pages] = GENERATED_FOLDERS;
  return new Map([
    ...[...typeScriptFiles(schema)].map(([name, text]) => [`${code}/${name}`, text] as const),
    ...[...referencePages(schema)].map(([name, text]) => [`${pages}/${name}`, text] as const),
  ]);
}
