import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectSsh, type SshConnection, uploadFile } from "../../../fleet/ssh/index.ts";
import { failureOf } from "./failure-of.ts";
import { sshdMissing, sshdOfBlock } from "./sshd.ts";

describe.skipIf(sshdMissing)(`a file sent to a real OpenSSH server${sshdMissing}`, () => {
  const server = sshdOfBlock();
  let connection: SshConnection;

  beforeAll(async () => {
    connection = await connectSsh(server.target);
  });
  afterAll(() => connection.close());

  test("arrives whole with its mode, with progress up to its size, and no temporary file stays", async () => {
    const data = randomBytes(3_000_001);
    const local = join(server.dir, "local.bin");
    writeFileSync(local, data);
    const remotePath = join(server.dir, "remote.bin");
    const progress: number[] = [];
    await uploadFile(connection, {
      source: { path: local },
      remotePath,
      mode: 0o640,
      digest: digestOf(data),
      onProgress: (sent) => progress.push(sent),
    });
    expect(readFileSync(remotePath).equals(data)).toBe(true);
    expect(statSync(remotePath).mode & 0o777).toBe(0o640);
    expect(progress.at(-1)).toBe(data.length);
    expect(partFiles()).toEqual([]);
  });

  test("replaces what was there", async () => {
    const remotePath = join(server.dir, "replaced.txt");
    for (const text of ["first version", "second"]) {
      await uploadFile(connection, {
        source: { data: Buffer.from(text) },
        remotePath,
        mode: 0o600,
      });
    }
    expect(readFileSync(remotePath, "utf8")).toBe("second");
  });

  test("that is empty arrives empty", async () => {
    const remotePath = join(server.dir, "empty");
    await uploadFile(connection, { source: { data: Buffer.alloc(0) }, remotePath, mode: 0o600 });
    expect(statSync(remotePath).size).toBe(0);
  });

  test("to ten places at once is in each of them what it is here", async () => {
    const data = randomBytes(1_000_000);
    const local = join(server.dir, "shared.bin");
    writeFileSync(local, data);
    const paths = Array.from({ length: 10 }, (_, at) => join(server.dir, `shared-${at}`));
    const source = { path: local };
    await Promise.all(
      paths.map((remotePath) => uploadFile(connection, { source, remotePath, mode: 0o600 })),
    );
    expect(paths.every((path) => readFileSync(path).equals(data))).toBe(true);
  });

  test("that is written anew meanwhile, also shorter, is told as changed here", async () => {
    const [local, remotePath] = [join(server.dir, "built.bin"), join(server.dir, "built")];
    const data = randomBytes(3_000_000);
    const digest = digestOf(data);
    const order = { source: { path: local }, remotePath, mode: 0o600, digest };
    for (const other of [Buffer.alloc(data.length), Buffer.alloc(10)]) {
      writeFileSync(local, data);
      const sending = uploadFile(connection, {
        ...order,
        onProgress: () => writeFileSync(local, other),
      });
      const error = await failureOf(sending);
      expect(error).toMatchObject({ code: "FILE_CHANGED", retryable: true });
      expect(error.hint).toContain("Wait until what writes it has ended");
    }
    // Whole again in the end, as after a build.
    writeFileSync(local, data);
    await uploadFile(connection, order);
    expect(readFileSync(remotePath).equals(data)).toBe(true);
  });

  test("that something on the board writes into is told as that, and arrives the next time", async () => {
    const remotePath = join(server.dir, "disturbed");
    const data = randomBytes(3_000_000);
    const [source, digest] = [{ data }, digestOf(data)];
    const error = await failureOf(
      uploadFile(connection, {
        ...{ source, remotePath, mode: 0o600, digest },
        onProgress: () => {
          // What is told last may be heard when the board has looked at it and thrown it away.
          if (!existsSync(`${remotePath}.part`)) return;
          const part = openSync(`${remotePath}.part`, "r+");
          writeSync(part, "other", 0);
          closeSync(part);
        },
      }),
    );
    expect(error.message).toMatch(
      /content sha256:.* instead of sha256:.*This machine sent the right bytes/,
    );
    expect(error.hint).toMatch(/Run `up` again.*another program that writes there/);
    await uploadFile(connection, { source, remotePath, mode: 0o600, digest });
    expect(readFileSync(remotePath).equals(data)).toBe(true);
  });

  test("is given up with what its progress throws, and the connection goes on", async () => {
    const [remotePath, why] = [join(server.dir, "watched"), new Error("the screen is gone")];
    const order = { source: { data: randomBytes(3_000_000) }, remotePath, mode: 0o600 };
    const onProgress = () => {
      throw why;
    };
    await expect(uploadFile(connection, { ...order, onProgress })).rejects.toBe(why);
    expect(connection.isOpen).toBe(true);
    await uploadFile(connection, order);
    expect(readFileSync(remotePath).equals(order.source.data)).toBe(true);
  });

  test("whose content is not what its digest says leaves the old file in place", async () => {
    const remotePath = join(server.dir, "kept.txt");
    writeFileSync(remotePath, "old");
    const error = await failureOf(
      uploadFile(connection, {
        source: { data: Buffer.from("damaged") },
        remotePath,
        mode: 0o600,
        digest: digestOf(Buffer.from("intended")),
      }),
    );
    expect(error.code).toBe("FILE_CHANGED");
    expect(error.message).toContain("content sha256:");
    expect(readFileSync(remotePath, "utf8")).toBe("old");
    expect(partFiles()).toEqual([]);
  });

  test("into a folder that does not exist names the path", async () => {
    const remotePath = join(server.dir, "absent", "file");
    const error = await failureOf(
      uploadFile(connection, { source: { data: Buffer.from("x") }, remotePath, mode: 0o600 }),
    );
    expect(error.code).toBe("SSH_COMMAND_FAILED");
    expect(error.message).toContain(remotePath);
  });

  test("and cancelled half-way leaves the old file in its place, and the next goes on", async () => {
    const cancel = new AbortController();
    const remotePath = join(server.dir, "cancelled.bin");
    writeFileSync(remotePath, "old");
    const data = randomBytes(8_000_000);
    const own = await connectSsh(server.target);
    const order = { source: { data }, remotePath, mode: 0o600 };
    const error = await failureOf(
      uploadFile(own, { ...order, signal: cancel.signal, onProgress: () => cancel.abort() }),
    );
    expect(error.code).toBe("CANCELLED");
    expect(own.isOpen).toBe(false);
    expect(readFileSync(remotePath, "utf8")).toBe("old");
    const progress: number[] = [];
    await uploadFile(connection, { ...order, onProgress: (sent) => progress.push(sent) });
    expect(progress[0]).toBeGreaterThan(0);
    expect(readFileSync(remotePath).equals(data)).toBe(true);
    expect(partFiles()).toEqual([]);
  });

  function partFiles(): string[] {
    return readdirSync(server.dir).filter((name) => name.includes(".part"));
  }
});

function digestOf(data: Buffer): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}
