import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { z } from "zod";

/**
 * scrypt with a low cost on purpose: device passwords are long and random, so the hash guards against a stolen disk
 * and not against guessing, and a hub that starts again must check a thousand devices within seconds (8 ms each).
 */
const COST = { n: 4096, r: 8, p: 1 } as const;
const HASH_BYTES = 32;

export const PasswordHash = z.strictObject({
  algorithm: z.literal("scrypt"),
  n: z
    .number()
    .int()
    .min(1024)
    .max(1 << 20),
  r: z.number().int().min(1).max(32),
  p: z.number().int().min(1).max(16),
  salt: z.base64(),
  hash: z.base64(),
});
export type PasswordHash = z.infer<typeof PasswordHash>;

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, COST);
  return {
    algorithm: "scrypt",
    ...COST,
    salt: salt.toString("base64"),
    hash: hash.toString("base64"),
  };
}

export async function passwordFits(password: string, stored: PasswordHash): Promise<boolean> {
  const expected = Buffer.from(stored.hash, "base64");
  const got = await derive(password, Buffer.from(stored.salt, "base64"), stored);
  return expected.length === got.length && timingSafeEqual(expected, got);
}

function derive(
  password: string,
  salt: Buffer,
  cost: { n: number; r: number; p: number },
): Promise<Buffer> {
  const options = { N: cost.n, r: cost.r, p: cost.p, maxmem: 256 * cost.n * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
