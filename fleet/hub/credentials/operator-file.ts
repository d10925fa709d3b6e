import { randomBytes } from "node:crypto";
import { FleetError } from "../../errors/index.ts";
import { readIfThere, writeFileDurably } from "../../transfer/files/durable-file.ts";
import { Credentials } from "../hub-info.ts";

/** Reads the operator's user name and password; makes the file (mode 0600) when there is none. */
export async function openOperatorFile(file: string): Promise<Credentials> {
  const bytes = await readIfThere(file);
  if (bytes) return parseCredentials(bytes, file);
  const created = { username: "operator", password: randomBytes(24).toString("base64url") };
  await writeFileDurably(file, `${JSON.stringify(created)}\n`);
  return created;
}

export async function readCredentialsFile(file: string): Promise<Credentials> {
  const bytes = await readIfThere(file);
  if (!bytes) {
    throw new FleetError(
      "HUB_REFUSED",
      `Expected hub credentials in ${file} but there is no file`,
      {
        hint: "Start the demo or the hub once, or name the right file.",
      },
    );
  }
  return parseCredentials(bytes, file);
}

function parseCredentials(bytes: Buffer, file: string): Credentials {
  try {
    return Credentials.parse(JSON.parse(bytes.toString("utf8")));
  } catch {
    // The cause would quote the file's content, which is the secret.
    throw new FleetError("USAGE", `Expected {"username", "password"} as JSON in ${file}`);
  }
}
