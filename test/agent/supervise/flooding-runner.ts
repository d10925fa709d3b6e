/** Sends more frames than any pipe holds, tells how many, and then the statistics of its pipe. */
import { ResultPipe } from "../../../agent/supervise/result-pipe.ts";

const MESSAGES = 1000;
const pipe = new ResultPipe();
const json = Buffer.alloc(200 * 1024);
let sent = 0;

function flood(): void {
  pipe.send({ type: "frames", modelId: "m", frames: 1, json });
  sent += 1;
  if (sent < MESSAGES) return void setImmediate(flood);
  process.send?.(sent);
  const stats = Buffer.from(JSON.stringify({ framesDropped: pipe.framesDropped }));
  pipe.send({ type: "stats", modelId: "", frames: 0, json: stats });
}

flood();
setInterval(() => undefined, 1000);
