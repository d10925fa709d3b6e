import { connect } from "node:net";

// The command line end of the service manager: hands its arguments over and prints what comes back.

const socket = connect("/run/jetfleet-sim/manager.sock");
let reply = "";
socket.setEncoding("utf8");
socket.on("data", (text: string) => (reply += text));
socket.on("error", (error) => {
  console.error(`Failed to connect to the service manager: ${error.message}`);
  process.exitCode = 1;
});
socket.on("end", () => {
  const { code, stdout, stderr } = JSON.parse(reply) as {
    code: number;
    stdout: string;
    stderr: string;
  };
  process.stderr.write(stderr);
  process.stdout.write(stdout);
  process.exitCode = code;
});
socket.end(JSON.stringify(process.argv.slice(2)));
