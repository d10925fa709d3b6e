import { connect } from "node:net";
import { uint32, WireReader, wireStrings } from "./wire.ts";

/**
 * What is asked of an SSH agent beside what ssh2 asks, which leaves certificates out (draft-ietf-sshm-ssh-agent §3).
 * Each question goes over a connection of its own.
 */
const [REQUEST_IDENTITIES, IDENTITIES_ANSWER] = [11, 12];
const [SIGN_REQUEST, SIGN_RESPONSE] = [13, 14];
/** Of RSA keys; others do not read it. */
const RSA_SHA2_512 = 4;
/** OpenSSH's own bound of a message. */
const MOST_BYTES = 256 * 1024;
const LIST_MS = 5_000;
/** Somebody may have to touch a key or to allow it. */
const SIGN_MS = 30_000;

/** Public key blobs of all that an agent has; none where it does not answer, which a login with its keys tells. */
export async function agentIdentities(socketPath: string): Promise<Buffer[]> {
  try {
    const reader = await ask(socketPath, [REQUEST_IDENTITIES], IDENTITIES_ANSWER, LIST_MS);
    return Array.from({ length: Math.min(reader.uint32(), MOST_BYTES) }, () => {
      const blob = reader.string();
      // Its comment.
      reader.string();
      return blob;
    });
  } catch {
    return [];
  }
}

/** A signature of the agent's, with its type, as it stands in a login. */
export async function signByAgent(socketPath: string, blob: Buffer, data: Buffer): Promise<Buffer> {
  const order = [SIGN_REQUEST, ...wireStrings(blob, data), ...uint32(RSA_SHA2_512)];
  return (await ask(socketPath, order, SIGN_RESPONSE, SIGN_MS)).string();
}

function ask(
  socketPath: string,
  order: readonly number[],
  wanted: number,
  timeoutMs: number,
): Promise<WireReader> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let came = Buffer.alloc(0);
    const fail = (what: string) => {
      socket.destroy();
      reject(new Error(`the agent at ${socketPath} ${what}`));
    };
    socket.setTimeout(timeoutMs, () => fail("does not answer"));
    socket.on("error", ({ message }) => fail(`does not answer: ${message}`));
    socket.on("close", () => fail("closed the connection"));
    socket.on("data", (data) => {
      came = Buffer.concat([came, data]);
      if (came.length < 4) return;
      const length = came.readUInt32BE();
      if (length > MOST_BYTES) return fail(`announces ${length} bytes`);
      if (came.length < 4 + length) return;
      if (came[4] !== wanted) return fail("refuses");
      resolve(new WireReader(came.subarray(5, 4 + length)));
      socket.destroy();
    });
    socket.write(wireStrings(Buffer.from(order)));
  });
}
