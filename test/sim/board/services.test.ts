import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulatedBoard } from "../../../fleet/sim/board/index.ts";
import { Bench, refusal, titled, until } from "./bench.ts";

const RESTARTING = `[Unit]
Description=A counter
[Service]
ExecStart=/bin/sh -c 'echo "started with $GREETING"; setsid sleep 3001 & sleep 3002 & wait'
Environment=GREETING=hello
Restart=always
RestartSec=100ms
[Install]
WantedBy=multi-user.target
`;

describe.skipIf(refusal !== null)(titled("the service manager of a simulated board"), () => {
  let bench: Bench;
  let board: SimulatedBoard;
  const install = (name: string, text: string): void => {
    writeFileSync(join(bench.dir, "door/root/etc/systemd/system", name), text);
  };
  const mainPid = async (unit: string): Promise<number> =>
    Number((await board.exec(`systemctl show -p MainPID --value ${unit}`)).stdout);
  const sleepers = async (): Promise<number> =>
    Number((await board.exec("ps ax -o args | grep -c '^sleep 300[12]'")).stdout);

  beforeAll(async () => {
    bench = new Bench();
    board = await bench.start();
    install("counter.service", RESTARTING);
    await board.exec("systemctl daemon-reload");
  });
  afterAll(() => bench.close());

  it("answers for a unit that does not exist as systemd does", async () => {
    expect(await board.exec("systemctl start nope")).toMatchObject({
      code: 5,
      stderr: "Failed to start nope.service: Unit nope.service not found.\n",
    });
    expect(await board.exec("systemctl is-active nope")).toMatchObject({
      code: 3,
      stdout: "inactive\n",
    });
    expect((await board.exec("systemctl is-enabled nope")).code).toBe(1);
    expect((await board.exec("systemctl status nope")).code).toBe(4);
    expect((await board.exec("systemctl show -p LoadState nope")).stdout).toBe(
      "LoadState=not-found\n",
    );
  });

  it("starts a unit, shows its output in the journal, and stops all of it", async () => {
    expect((await board.exec("systemctl start counter")).code).toBe(0);
    expect((await board.exec("systemctl is-active counter")).stdout).toBe("active\n");
    await until(
      async () =>
        (await board.exec("journalctl -u counter -n 1 -o cat")).stdout === "started with hello\n",
    );
    expect(await sleepers()).toBe(2);
    expect((await board.exec("systemctl stop counter")).code).toBe(0);
    expect(await sleepers()).toBe(0);
    expect(await board.exec("systemctl is-active counter")).toMatchObject({
      code: 3,
      stdout: "inactive\n",
    });
  });

  it("restarts a unit whose main process is killed, without what the old one left", async () => {
    await board.exec("systemctl restart counter");
    const before = await mainPid("counter");
    await board.exec(`kill -9 ${before}`);
    const after = await until(async () => {
      const pid = await mainPid("counter");
      return pid !== 0 && pid !== before && pid;
    });
    expect(after).not.toBe(before);
    expect((await board.exec("systemctl show -p NRestarts --value counter")).stdout).toBe("1\n");
    await until(async () => (await sleepers()) === 2);
    await board.exec("systemctl stop counter");
  });

  it("leaves a unit that cannot stay up in state failed after five starts", async () => {
    install("broken.service", "[Service]\nExecStart=/bin/false\nRestart=on-failure\n");
    await board.exec("systemctl start broken");
    await until(async () => (await board.exec("systemctl is-failed broken")).code === 0);
    const shown = await board.exec("systemctl show -p Result,ExecMainStatus broken");
    expect(shown.stdout).toBe("Result=start-limit-hit\nExecMainStatus=1\n");
    expect((await board.exec("journalctl -u broken -o cat | grep -c ^Started")).stdout).toBe("5\n");
  });

  it("gives a unit its user and groups, and takes the rights that it gives up", async () => {
    await board.exec("useradd --system --user-group --no-create-home worker");
    const rights =
      "User=worker\nSupplementaryGroups=video\nNoNewPrivileges=yes\nCapabilityBoundingSet=\nProtectHome=yes\n";
    install(
      "modest.service",
      `[Service]\nExecStart=/bin/sh -c 'id; grep -E "NoNewPrivs|CapBnd" /proc/self/status'\n${rights}`,
    );
    await board.exec("systemctl start modest");
    const said = await until(async () => {
      const { stdout } = await board.exec("journalctl -u modest -o cat");
      return stdout.includes("Stopped") && stdout;
    });
    expect(said).toMatch(/uid=\d+\(worker\) gid=\d+\(worker\) groups=\d+\(worker\),44\(video\)/);
    expect(said).toMatch(/NoNewPrivs:\s+1\n/);
    expect(said).toMatch(/CapBnd:\s+0+\n/);
    expect(said).toContain("modest.service: not simulated, ignored: ProtectHome=yes");
  });

  it("does not start a unit whose user is not there", async () => {
    install("nobodys.service", "[Service]\nExecStart=/bin/true\nUser=nobody-knows\n");
    const started = await board.exec("systemctl start nobodys");
    expect(started.code).toBe(1);
    expect(started.stderr).toContain("Failed to determine user credentials");
    install(
      "nobodys.socket",
      "[Socket]\nListenStream=/run/nobodys.sock\nAccept=yes\nSocketUser=nobody-knows\n",
    );
    await board.exec("systemctl start nobodys.socket");
    await until(async () => (await board.exec("systemctl is-failed nobodys.socket")).code === 0);
  });

  it("starts a service of its own for each connection to a socket, and keeps nothing of it", async () => {
    install(
      "echo.socket",
      "[Socket]\nListenStream=/run/echo/it.sock\nAccept=yes\nSocketMode=0600\n[Install]\nWantedBy=sockets.target\n",
    );
    install(
      "echo@.service",
      "[Service]\nExecStart=/bin/sh -c 'read a; echo got $a >&0'\nStandardInput=socket\n",
    );
    expect((await board.exec("systemctl enable --now echo.socket")).code).toBe(0);
    expect((await board.exec("stat -c '%a %U' /run/echo/it.sock")).stdout).toBe("600 root\n");
    const ask = (word: string) =>
      board.exec(
        `/run/jetfleet-sim/node -e 'const s = require("net").connect("/run/echo/it.sock"); s.write("${word}\\n"); s.pipe(process.stdout)'`,
      );
    const answers = await Promise.all([ask("one"), ask("two")]);
    expect(answers.map(({ stdout }) => stdout)).toEqual(["got one\n", "got two\n"]);
    await until(async () => (await board.exec("systemctl is-active echo@1 echo@2")).code === 3);
    await board.exec("systemctl stop echo.socket");
    expect((await ask("three")).stderr).toContain("ENOENT");
  });

  it("says that the program is not there with status 203", async () => {
    install("absent.service", "[Service]\nExecStart=/opt/nothing/here\n");
    await board.exec("systemctl start absent");
    await until(async () => (await board.exec("systemctl is-failed absent")).code === 0);
    expect((await board.exec("systemctl show -p ExecMainStatus --value absent")).stdout).toBe(
      "203\n",
    );
  });

  it("uses a changed unit file only after daemon-reload while the unit runs", async () => {
    install("changing.service", RESTARTING);
    await board.exec("systemctl start changing");
    install("changing.service", RESTARTING.replace("GREETING=hello", "GREETING=changed"));
    const journal = "journalctl -u changing -o cat -n 1";
    expect((await board.exec("systemctl restart changing")).stderr).toContain("daemon-reload");
    await until(async () => (await board.exec(journal)).stdout === "started with hello\n");
    expect((await board.exec("systemctl daemon-reload && systemctl restart changing")).stderr).toBe(
      "",
    );
    await until(async () => (await board.exec(journal)).stdout === "started with changed\n");
    await board.exec("systemctl stop changing");
  });

  it("starts enabled units again after a power cut, and no others", async () => {
    install("other.service", RESTARTING.replaceAll("300", "400"));
    await board.exec(
      "systemctl enable counter && systemctl start counter other && touch /opt/kept /tmp/lost",
    );
    const bootId = (await board.exec("cat /proc/sys/kernel/random/boot_id")).stdout;
    await board.powerCut();
    await board.boot();
    expect((await board.exec("systemctl is-active counter")).stdout).toBe("active\n");
    expect((await board.exec("systemctl is-active other")).stdout).toBe("inactive\n");
    expect((await board.exec("ls /opt/kept /tmp/lost")).stdout).toBe("/opt/kept\n");
    expect((await board.exec("id -un $(id -u worker)")).stdout).toBe("worker\n");
    expect((await board.exec("cat /proc/sys/kernel/random/boot_id")).stdout).not.toBe(bootId);
    await board.exec("systemctl disable --now counter");
    expect((await board.exec("systemctl is-enabled counter")).stdout).toBe("disabled\n");
  });
});
