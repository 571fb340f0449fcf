/** Lets messages that have come in be heard. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
