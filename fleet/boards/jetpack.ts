/** JetPack releases by their L4T version. One L4T release has one JetPack version. */
// Source: NVIDIA's release notes and rbonghi/jetson_stats `jetson_variables.py` (NVIDIA_JETPACK).
const JETPACK_BY_L4T: Readonly<Record<string, string>> = {
  "28.2": "3.2",
  "28.2.1": "3.3",
  "32.1": "4.2",
  "32.2": "4.2.1",
  "32.2.1": "4.2.2",
  "32.2.3": "4.2.3",
  "32.3.1": "4.3",
  "32.4.3": "4.4",
  "32.4.4": "4.4.1",
  "32.5": "4.5",
  "32.5.1": "4.5.1",
  "32.5.2": "4.5.1",
  "32.6.1": "4.6",
  "32.7.1": "4.6.1",
  "32.7.2": "4.6.2",
  "32.7.3": "4.6.3",
  "32.7.4": "4.6.4",
  "32.7.5": "4.6.5",
  "32.7.6": "4.6.6",
  "34.1": "5.0 DP",
  "34.1.1": "5.0.1 DP",
  "35.1": "5.0.2",
  "35.2.1": "5.1",
  "35.3.1": "5.1.1",
  "35.4.1": "5.1.2",
  "35.5": "5.1.3",
  "35.6": "5.1.4",
  "35.6.1": "5.1.5",
  "35.6.4": "5.1.6",
  "36.2": "6.0 DP",
  "36.3": "6.0",
  "36.4": "6.1",
  "36.4.3": "6.2",
  "36.4.4": "6.2.1",
  "36.4.7": "6.2.1",
  "36.5": "6.2.2",
  "38.2": "7.0",
  "38.4": "7.1",
  "39.2": "7.2",
};

/** The JetPack version of an L4T version such as `32.7.1`, or null when the table does not know it. */
export function jetpackOfL4t(l4t: string): string | null {
  return JETPACK_BY_L4T[l4t] ?? JETPACK_BY_L4T[l4t.replace(/\.0$/, "")] ?? null;
}
