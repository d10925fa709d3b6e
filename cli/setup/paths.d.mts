export const repoDir: string;
/** `.jetfleet/` of this clone, or JETFLEET_STATE_DIR. */
export function stateDir(env?: NodeJS.ProcessEnv): string;
/** `$XDG_CACHE_HOME/jetfleet`, shared by all clones of one user. */
export function cacheDir(env?: NodeJS.ProcessEnv): string;
export function engineDir(version: string, env?: NodeJS.ProcessEnv): string;
/** Generators of SDKs and other language hosts, where `npm run sdk` built them. */
export function languagesDir(version: string, env?: NodeJS.ProcessEnv): string;
/** The project's own Node 24 (may not exist before set-up). */
export function nodePath(root?: string): string;
/** The Python that has the SDK, where `npm run sdk -- python` made it. */
export function pythonPath(state?: string): string;
/** The Node 16 of JetPack 4 boards, for this machine's processor. */
export function node16Path(root?: string): string;
/** nodePath(), or throws SETUP_MISSING. */
export function requireNode(): string;
