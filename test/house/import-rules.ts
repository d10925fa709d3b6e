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

const PURE = /^fleet\/(spec|boards|plan|contract|errors|journal|release|deploy|rollout|text)\//;
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
    to: /^(node:)?(fs|net|http|https|http2|tls|dgram|dns|child_process|cluster|worker_threads|readline|repl)(\/|$)/,
    because:
      "the domain decides and does not act; without I/O it is tested by tables, without mocks",
  },
  {
    rule: "the domain uses no client library",
    from: PURE,
    to: /^(mqtt|aedes|fastify|ssh2|ink|react|commander|@pulumi\/pulumi|@grpc\/grpc-js)(\/|$)/,
    because: "a client library in the domain would drag its sockets into every part",
  },
  {
    rule: "fleet imports nothing above it",
    from: /^fleet\//,
    to: /^(infra|agent|cli|native)\//,
    because:
      "fleet is below them all; simulated boards run the agent as a process, not as a module",
  },
  {
    rule: "infra imports neither agent, command line nor native code",
    from: /^infra\//,
    to: /^(agent|cli|native)\//,
    because: "the provider works over SSH, MQTT and HTTP only, as it must for a real board",
  },
  {
    rule: "the agent imports nothing of the operator's",
    from: /^agent\//,
    to: /^(infra|cli)\//,
    because: "operator code in the bundle would reach the boards",
  },
  {
    rule: "the agent imports no operator-side part of fleet",
    from: /^agent\//,
    to: /^fleet\/(ssh|hub|sim)\//,
    because: "these are the operator's side; the agent meets them over the network",
  },
  {
    rule: "the command line imports neither infra nor agent",
    from: /^cli\//,
    to: /^(infra|agent)\//,
    because: "the command line starts them as processes, so that it cannot depend on their insides",
  },
  {
    rule: "only the agent imports native code",
    from: /^(fleet|infra|cli)\//,
    to: /^native\//,
    because:
      "only the agent's runner loads the native runtime; a crash there must not end a hub or an `up`",
  },
  {
    rule: "example programs import nothing of ours but the SDK",
    from: /^infra\/programs\//,
    to: OURS,
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
