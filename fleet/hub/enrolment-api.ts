import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { Digest, EpochMs } from "../spec/index.ts";

const DAY_MS = 24 * 3600 * 1000;
/** Of an installer: its text with the fleet's CA and what it is to fetch. */
export const MAX_SCRIPT_LENGTH = 256 << 10;

/** Body of `PUT /devices/<name>/enrolment`. The token itself stays with the operator and the board. */
export const NewEnrolment = z.strictObject({
  /** As `drawToken` makes it. */
  tokenHash: z.string().regex(/^[0-9a-f]{64}$/),
  lifeMs: z
    .number()
    .int()
    .min(1000)
    .max(7 * DAY_MS),
  script: z.string().min(1).max(MAX_SCRIPT_LENGTH),
  objects: z.array(Digest).max(256),
});
export type NewEnrolment = z.infer<typeof NewEnrolment>;

/** A token that can be guessed by nobody (192 bits), and what the hub is told of it. */
export function drawToken(): { token: string; tokenHash: string } {
  const token = randomBytes(24).toString("base64url");
  return { token, tokenHash: tokenHashOf(token) };
}

/** What the hub keeps of a token: its SHA-256, in hexadecimal digits. */
export function tokenHashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Answer of it: where the board finds its installer, and until when. */
export const EnrolmentBegun = z.object({ id: z.string(), untilMs: EpochMs });
export type EnrolmentBegun = z.infer<typeof EnrolmentBegun>;
