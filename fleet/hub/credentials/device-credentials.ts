import { mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { Name } from "../../spec/index.ts";
import { readIfThere, syncFolder, writeFileDurably } from "../../transfer/files/durable-file.ts";
import { hashPassword, PasswordHash } from "./password-hash.ts";

/** Password hashes of the devices, one file each, read once and then kept in memory. */
export class DeviceCredentials {
  readonly #folder: string;
  readonly #hashes: Map<string, PasswordHash>;

  private constructor(folder: string, hashes: Map<string, PasswordHash>) {
    this.#folder = folder;
    this.#hashes = hashes;
  }

  static async open(folder: string): Promise<DeviceCredentials> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const hashes = new Map<string, PasswordHash>();
    for (const entry of await readdir(folder)) {
      const name = Name.safeParse(path.basename(entry, ".json"));
      if (!entry.endsWith(".json") || !name.success) continue;
      const bytes = await readIfThere(path.join(folder, entry));
      if (bytes) hashes.set(name.data, PasswordHash.parse(JSON.parse(bytes.toString("utf8"))));
    }
    return new DeviceCredentials(folder, hashes);
  }

  names(): string[] {
    return [...this.#hashes.keys()];
  }

  find(device: string): PasswordHash | undefined {
    return this.#hashes.get(device);
  }

  async set(device: string, password: string): Promise<void> {
    const hash = await hashPassword(password);
    await writeFileDurably(this.#file(device), JSON.stringify(hash));
    this.#hashes.set(device, hash);
  }

  async delete(device: string): Promise<void> {
    this.#hashes.delete(device);
    await rm(this.#file(device), { force: true });
    await syncFolder(this.#folder);
  }

  #file(device: string): string {
    return path.join(this.#folder, `${Name.parse(device)}.json`);
  }
}
