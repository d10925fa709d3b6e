/** How long one that is ready waits for those that are not. */
const PATIENCE_MS = 3_000;

interface Party {
  isReady: boolean;
  go: () => void;
}

/**
 * Lets what was begun for a key at the same time go on at the same time. So the hub hears of the changes of one `up`
 * within moments, however busy this machine is, and can gather them.
 */
export class Together {
  readonly #groups = new Map<string, Set<Party>>();

  /** Runs `work`, which calls `ready` before the step that is to come together with those of the others. */
  async run<T>(key: string, work: (ready: () => Promise<void>) => Promise<T>): Promise<T> {
    const group = this.#groups.get(key) ?? new Set<Party>();
    this.#groups.set(key, group);
    const party: Party = { isReady: false, go: () => {} };
    group.add(party);
    try {
      return await work(() => this.#ready(group, party));
    } finally {
      group.delete(party);
      if (group.size === 0) this.#groups.delete(key);
      else release(group);
    }
  }

  async #ready(group: ReadonlySet<Party>, party: Party): Promise<void> {
    // Once is enough: what is tried again need not wait again.
    if (party.isReady) return;
    party.isReady = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    party.go = resolve;
    const timer = setTimeout(resolve, PATIENCE_MS);
    release(group);
    await promise;
    clearTimeout(timer);
  }
}

function release(group: ReadonlySet<Party>): void {
  if (![...group].every(({ isReady }) => isReady)) return;
  for (const { go } of group) go();
}
