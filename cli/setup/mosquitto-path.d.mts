export function wrapperIn(folder: string): string;
/** The broker's program, the user's own or the one that set-up keeps in the cache; undefined before set-up. */
export function mosquittoPath(): string | undefined;
