import { readFileSync } from "node:fs";
import ssh2 from "ssh2";
import { beforeAll, expect, test } from "vitest";
import { algorithmOf, parseCertificate } from "../../../../fleet/ssh/certificate/certificate.ts";
import { teachCertificates } from "../../../../fleet/ssh/certificate/certified-login.ts";
import { refusalOf } from "../../../../fleet/ssh/certificate/refusal.ts";
import { mpint } from "../../../../fleet/ssh/certificate/wire.ts";
import { authorityOfBlock } from "../certificate-authority.ts";

const ca = authorityOfBlock();
let blob: Buffer;

beforeAll(() => {
  const options = ["-n", "ann,bob", "-V", "20260101Z:20270101Z", "-O", "force-command=true"];
  const path = ca.sign(ca.key("rsa", "-t", "rsa", "-b", "2048"), ...options);
  blob = Buffer.from(readFileSync(path, "utf8").split(" ")[1] ?? "", "base64");
});

test("a certificate says what ssh-keygen wrote into it", () => {
  const certificate = parseCertificate(blob);
  const publicKey = readFileSync(`${ca.dir}/rsa.pub`, "utf8").split(" ")[1];
  expect(certificate.keyBlob.toString("base64")).toBe(publicKey);
  expect(certificate).toMatchObject({
    ...{ keyType: "ssh-rsa", isHost: false, id: "x", principals: ["ann", "bob"] },
    validAfter: BigInt(Date.UTC(2026, 0, 1) / 1000),
    validBefore: BigInt(Date.UTC(2027, 0, 1) / 1000),
    criticalOptions: ["force-command"],
  });
  expect(algorithmOf(certificate)).toBe("rsa-sha2-512-cert-v01@openssh.com");
});

test("a certificate that ends anywhere before its end is damaged, and says so", () => {
  for (let length = 0; length < blob.length; length += 1) {
    expect(() => parseCertificate(blob.subarray(0, length))).toThrow(/^it (ends|is)/);
  }
});

test("a certificate holds from its first second up to the one before its end", () => {
  const certificate = parseCertificate(blob);
  const at = (...date: [number, number, number]) =>
    refusalOf(certificate, "ann", Date.UTC(...date)).reason;
  expect(at(2026, 0, 1)).toBeNull();
  expect(at(2025, 11, 31)).toMatch(/begins at 2026/);
  expect(at(2027, 0, 1)).toMatch(/ended at 2027/);
  const without = { ...certificate, validAfter: 0n, validBefore: 2n ** 64n - 1n };
  expect(refusalOf(without, "ann", Date.UTC(9999, 0, 1)).reason).toBeNull();
  const late = { ...without, validAfter: 2n ** 64n - 2n };
  expect(refusalOf(late, "ann", 0).reason).toMatch(/begins at second 18446744073709551614/);
});

test.each([
  ["00007f01", "7f01"],
  ["80", "0080"],
  ["0000", ""],
])("a number of the bytes %s is the mpint %s", (bytes, expected) => {
  expect(mpint(Buffer.from(bytes, "hex")).toString("hex")).toBe(expected);
});

test("another inside of ssh2 than the one that is known is our own fault, and told at once", () => {
  expect(() => teachCertificates(new ssh2.Client())).toThrow(/inside of ssh2/);
});
