/** Pages keep nothing between visits. */
export function cacheFolder(_name: string): string | undefined {
  return undefined;
}

export async function readKept(_path: string): Promise<Uint8Array | undefined> {
  return undefined;
}

export async function keepFile(_path: string, _bytes: Uint8Array): Promise<boolean> {
  return false;
}
