export function mapEntries<From, To>(
  entries: Readonly<Record<string, From>>,
  change: (key: string, value: From) => To,
): Record<string, To> {
  return Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [key, change(key, value)]),
  );
}
