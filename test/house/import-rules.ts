/** One ban on imports: files matching `from` must not import what matches `to`. */
export interface ImportRule {
  rule: string;
  from: RegExp;
  /** Against a path from the root ("fleet/hub/hub.ts") or a bare name ("node:fs", "mqtt"). */
  to: RegExp;
  /** Exceptions to `to`. */
  except?: RegExp;
  because: string;
}

/** Folders of fleet/ that decide, and those that act. A folder is one or the other. */
export const PURE_FOLDERS = [
  "spec",
  "boards",
  "plan",
  "contract",
  "errors",
  "journal",
  "release",
  "deploy",
  "engine",
  "bench",
  "alone",
  "view",
  "rollout",
  "text",
];
export const EDGE_FOLDERS = ["transfer", "provision", "ssh", "hub", "sim"];

const PURE = new RegExp(`^fleet/(${PURE_FOLDERS.join("|")})/`);
const OURS = /^(fleet|infra|agent|native|cli|test|models)\//;

export const IMPORT_RULES: ImportRule[] = [
  {
    rule: "the domain imports nothing of ours but itself",
    from: PURE,
    to: OURS,
    except: PURE,
    because: "the domain is what everyone shares; it may know nothing of those who use it",
  },
  {
    rule: "the domain does no I/O",
    from: PURE,
    to: /^(node:)?(fs|net|http|https|http2|tls|dgram|dns|child_process|cluster|worker_threads|readline|repl|sqlite)(\/|$)/,
    because:
      "the domain decides and does not act; without I/O it is tested by tables, without mocks",
  },
  {
    rule: "the domain uses no client library",
    from: PURE,
    to: /^(mqtt|aedes|fastify|@fastify\/send|ssh2|ink|react|commander|@pulumi\/pulumi|@grpc\/grpc-js)(\/|$)/,
    because: "a client library in the domain would drag its sockets into every part",
  },
  {
    rule: "connections are made in one place",
    from: /^(agent|infra|cli(?!\/setup))\/|^fleet\/(provision|hub\/client)\//,
    to: /^((node:)?(http|https|http2|tls)|mqtt|https-proxy-agent|proxy-from-env)(\/|$)/,
    because:
      "whom to believe, which certificate to show and when to give up is decided in fleet/transfer for all",
  },
  {
    rule: "transfer imports no other edge",
    from: /^fleet\/transfer\//,
    to: /^fleet\/(provision|ssh|hub|sim)\//,
    because: "all edges and the agent connect through it; it is below them",
  },
  {
    rule: "connections to boards know neither what is put there nor the hub",
    from: /^fleet\/ssh\//,
    to: /^fleet\/(provision|hub|sim)\//,
    because: "what is done over a connection is decided by those who open it",
  },
  {
    rule: "provisioning reaches boards, not the hub",
    from: /^fleet\/provision\//,
    to: /^fleet\/(hub|sim)\//,
    because: "the hub is told by whoever provisions, so that enrolment without SSH can do it too",
  },
  {
    rule: "the hub reaches no board",
    from: /^fleet\/hub\//,
    to: /^fleet\/(ssh|provision|sim)\//,
    because:
      "devices come to the hub; a hub that could log in to boards would be worth breaking into",
  },
  {
    rule: "only tests, the demo and the simulation import the simulation",
    from: /^(?!test\/|cli\/demo\/|fleet\/sim\/)/,
    to: /^fleet\/sim\//,
    because: "the product must not know whether a board or a camera is simulated",
  },
  {
    rule: "only the simulation and tests need the solver of the score",
    from: /^(?!test\/|fleet\/sim\/)/,
    to: /^linear-sum-assignment$/,
    because: "it is a devDependency: what ships has no truth to score against",
  },
  {
    rule: "nobody imports infra",
    from: /^(fleet|agent|cli|native|models)\//,
    to: /^infra\//,
    because: "Pulumi is one way to drive the domain; what others need of it belongs into fleet",
  },
  {
    rule: "nobody imports the command line",
    from: /^(fleet|infra|agent|native|models)\//,
    to: /^cli\//,
    because: "what others need of it belongs into fleet",
  },
  {
    rule: "fleet, infra and the command line do not import the agent",
    from: /^(fleet|infra|cli)\//,
    to: /^agent\//,
    because:
      "it runs on a board and is met over SSH, MQTT and HTTP only; simulated boards run it as a process",
  },
  {
    rule: "only the agent loads native code",
    from: /^(fleet|infra|cli)\//,
    to: /^native\//,
    because:
      "only the agent's runner loads the native runtime; a crash there must not end a hub or an `up`",
  },
  {
    rule: "the agent imports no operator-side part of fleet",
    from: /^agent\//,
    to: /^fleet\/(ssh|hub|provision|sim)\//,
    because:
      "operator code in the bundle would reach the boards; the agent meets it over the network",
  },
  {
    rule: "example programs import nothing of ours but the SDK",
    from: /^infra\/programs\//,
    to: OURS,
    except: /^infra\/programs\/policy\//,
    because: "programs import `jetfleet` as a user's own program would",
  },
  {
    rule: "set-up imports only Node and itself",
    from: /^cli\/setup\//,
    to: /^(?!node:|cli\/setup\/)/,
    because: "set-up runs before anything is installed, on whatever Node the user has",
  },
  {
    rule: "what ships imports no tests",
    from: /^(fleet|infra|agent|cli|native|models)\//,
    to: /^test\//,
    because: "what ships must not need the tests",
  },
];
