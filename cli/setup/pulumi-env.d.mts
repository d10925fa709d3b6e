export const STACK: "demo";
/** `infra/programs/quickstart`. */
export const programDir: string;

export interface PulumiPaths {
  home: string;
  backend: string;
  configFile: string;
  passphraseFile: string;
}

export function pulumiPaths(state?: string): PulumiPaths;

/** Pure: the environment from its parts. */
export function pulumiEnv(options: {
  base: NodeJS.ProcessEnv;
  paths: PulumiPaths;
  node: string;
  languageHostDir: string;
  /** Hosts of other languages, which come last. */
  languages: string;
  /** What runs programs in Python; null for the system's. */
  python: string | null;
  useConfigFile: boolean;
}): Record<string, string>;

/** Program, folder and environment to spawn; makes the back end's folders. Throws SETUP_MISSING. */
export function demoPulumi(env?: NodeJS.ProcessEnv): {
  command: string;
  cwd: string;
  env: Record<string, string>;
};
