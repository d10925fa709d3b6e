import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import ssh2, { type ServerChannel } from "ssh2";
import {
  createKey,
  IssuedCertificate,
  requestFor,
} from "../../../../fleet/transfer/identity/certificate-request.ts";
import { formatIdentity, parseIdentity } from "../../../../fleet/transfer/identity/identity.ts";
import { FakeDevice } from "../../../infra/provider/support/fake-device.ts";
import { type Recorded, wishOf } from "./questions.ts";

export interface LightBoardOptions {
  fleet: string;
  name: string;
  mqttUrl: string;
  /** Root key that devices pin. */
  publicKeyPem: string;
  /** Before each answer. */
  answerMs: number;
  recorded: Recorded;
}

/** One board: an SSH server for whoever comes, and a device on MQTT once its agent was started. */
export class LightBoard {
  readonly port: number;
  readonly #options: LightBoardOptions;
  #keyPem = "";
  #identityPem = "";

  private constructor(options: LightBoardOptions, port: number) {
    this.#options = options;
    this.port = port;
  }

  static async start(options: LightBoardOptions): Promise<LightBoard> {
    const { private: hostKey } = ssh2.utils.generateKeyPairSync("ed25519");
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
      connection.on("authentication", (attempt) => {
        if (attempt.method === "publickey") attempt.accept();
        else attempt.reject(["publickey"]);
      });
      connection.on("error", () => {});
      connection.on("session", (accept) => {
        accept().on("exec", (acceptExec, _reject, { command }) => {
          void board.#serve(acceptExec(), command);
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const board = new LightBoard(options, port);
    return board;
  }

  async #serve(channel: ServerChannel, sent: string): Promise<void> {
    channel.on("error", () => {});
    const { mark, command } = unpacked(sent);
    const say = (text: string) => {
      channel.write(text);
    };
    say(mark);
    channel.stderr.write(mark);
    const input = commandReads(command) ? await this.#read(channel, command, say) : "";
    await sleep(this.#options.answerMs);
    const { code, out, error } = await this.#answer(command, input);
    channel.stderr.write(error + mark);
    say(out + mark);
    channel.exit(code);
    channel.end();
  }

  /** All of a script; of a file only its digest, for which it says how much there is as it comes. */
  async #read(channel: ServerChannel, command: string, say: (text: string) => void) {
    const hash = createHash("sha256");
    const script: string[] = [];
    let size = 0;
    for await (const chunk of channel as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (isFile(command)) {
        hash.update(chunk);
        say(`${size}\n`);
      } else script.push(chunk.toString("utf8"));
    }
    return isFile(command) ? hash.digest("hex") : script.join("");
  }

  async #answer(
    command: string,
    input: string,
  ): Promise<{ code: number; out: string; error: string }> {
    const good = (out = "") => ({ code: 0, out, error: "" });
    if (isFile(command)) return command.includes(input) ? good() : bad("other bytes came");
    if (!commandReads(command)) return good();
    const { recorded, fleet, name, mqttUrl, publicKeyPem } = this.#options;
    const wish = wishOf(input, recorded);
    if (wish === null) return bad(`light board: nobody knows this script: ${input.slice(-300)}`);
    if (wish.wants === "answer") return good(wish.text);
    const peer = { kind: "device", fleet, name } as const;
    if (wish.wants === "certificate-request") {
      this.#keyPem = createKey();
      return good(JSON.stringify(requestFor(peer, this.#keyPem)));
    }
    if (wish.wants === "certificate") {
      const { certificate, ca } = IssuedCertificate.parse(JSON.parse(wish.text));
      const parts = { keyPem: this.#keyPem, certificatePem: certificate, caPem: ca };
      this.#identityPem = formatIdentity(parts);
      return good();
    }
    const identity = parseIdentity(this.#identityPem, name);
    await FakeDevice.connect({ mqttUrl, identity, publicKeyPem });
    return good();
  }
}

function bad(error: string) {
  return { code: 1, out: "", error };
}

/** What `underSh` of fleet/ssh packed. */
function unpacked(sent: string): { mark: string; command: string } {
  const octal = /'([^']*)'$/.exec(sent)?.[1] ?? "";
  const bytes = octal.replaceAll(/\\0(\d{3})/g, (_all, code: string) =>
    String.fromCharCode(Number.parseInt(code, 8)),
  );
  const text = Buffer.from(bytes, "latin1").toString("utf8");
  const [, mark = "", command = ""] = /^printf %s (\S+);[^\n]*\n\( ([^]*)\n\)\n/.exec(text) ?? [];
  return { mark, command };
}

/** Whether it is a file that comes, behind the script that takes it. */
function isFile(command: string): boolean {
  return command.includes("cat >> ");
}

function commandReads(command: string): boolean {
  return isFile(command) || command.includes("sh -s");
}
