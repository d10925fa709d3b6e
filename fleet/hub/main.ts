import { Command, InvalidArgumentError } from "commander";
import { describeError } from "../errors/index.ts";
import { Name } from "../spec/index.ts";
import type { EngineQuota } from "./engines/kept-engine.ts";
import { type HubOptions, startHub } from "./hub.ts";

const STOP_DEADLINE_MS = 5000;

const program = new Command("hub")
  .description("MQTT broker and artifact server of a fleet")
  .requiredOption("--dir <dir>", "folder of all state")
  .requiredOption("--fleet <name>", "name of the fleet", parseName)
  .requiredOption(
    "--operator-file <file>",
    "the operator's key, certificate and the fleet's CA (PEM); made when absent",
  )
  .option("--host <address>", "address to listen on", "127.0.0.1")
  .option("--advertise <host>", "host name or address that devices use to reach the hub")
  .option("--mqtt-port <port>", "0: that of last time, else any", parsePort, 0)
  .option("--http-port <port>", "0: that of last time, else any", parsePort, 0)
  .option("--enrol-port <port>", "of boards without a certificate; 0: as above", parsePort, 0)
  .option("--certificate-life <seconds>", "how long certificates are good", parseSeconds)
  .option(
    "--engine-quota-mb <total>",
    "of engines that devices share; each may have an eighth",
    parseMb,
  )
  .option("--engine-lease <seconds>", "how long who builds for others may be silent", parseSeconds);

try {
  const { certificateLife, engineQuotaMb, engineLease, ...options } = program
    .parse()
    .opts<
      HubOptions & { certificateLife?: number; engineQuotaMb?: number; engineLease?: number }
    >();
  const life = certificateLife === undefined ? {} : { certificateLifeMs: certificateLife * 1000 };
  const lease = engineLease === undefined ? {} : { engineLeaseMs: engineLease * 1000 };
  const quota = engineQuotaMb === undefined ? {} : { engineQuota: quotaOf(engineQuotaMb) };
  const hub = await startHub({ ...options, ...life, ...lease, ...quota });
  process.stdout.write(`${JSON.stringify(hub.record)}\n`);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
      hub.stop().then(
        () => process.exit(0),
        (error: unknown) => fail(error),
      );
    });
  }
} catch (error) {
  fail(error);
}

function fail(error: unknown): never {
  process.stderr.write(`${describeError(error)}\n`);
  process.exit(1);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new InvalidArgumentError("expected a port number from 0 to 65535");
  }
  return port;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1) {
    throw new InvalidArgumentError("expected a whole number of seconds, at least 1");
  }
  return seconds;
}

function parseMb(text: string): number {
  const megabytes = Number(text);
  if (!Number.isInteger(megabytes) || megabytes < 1) {
    throw new InvalidArgumentError("expected a whole number of megabytes, at least 1");
  }
  return megabytes;
}

function quotaOf(megabytes: number): EngineQuota {
  const totalBytes = megabytes * 1e6;
  return { totalBytes, deviceBytes: totalBytes / 8 };
}

function parseName(text: string): string {
  const name = Name.safeParse(text);
  if (!name.success) throw new InvalidArgumentError(name.error.issues[0]?.message ?? "bad name");
  return name.data;
}
