import type { AppendFile, DataFile } from "./data.node.ts";

export type { AppendFile, DataFile } from "./data.node.ts";

export const hasFiles = false;

function noFiles(): never {
  throw new Error("this runtime has no files; pass bytes, a Blob, or a Response");
}

export async function openDataFile(_path: string): Promise<DataFile> {
  return noFiles();
}

export async function fileSize(_path: string): Promise<number | undefined> {
  return undefined;
}

export async function importSharp(): Promise<typeof import("sharp").default> {
  throw new Error("this runtime has no native packages");
}

export async function filesBelow(_dir: string): Promise<string[]> {
  return noFiles();
}

export async function* inflateChunks(
  kind: "gzip" | "deflate-raw",
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const input = new ReadableStream<BufferSource>({
    async pull(controller) {
      const step = await iterator.next();
      if (step.done) controller.close();
      else controller.enqueue(step.value as Uint8Array<ArrayBuffer>);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  const reader = input.pipeThrough(new DecompressionStream(kind)).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

export async function replaceDataFile(
  _path: string,
  _chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  noFiles();
}

export async function openAppendFile(_path: string, _fresh: boolean): Promise<AppendFile> {
  return noFiles();
}

export async function renameDataFile(_from: string, _to: string): Promise<void> {
  noFiles();
}

export async function removeDataFile(_path: string): Promise<void> {
  noFiles();
}

export function sha256(): { update(bytes: Uint8Array): void; hex(): string } {
  return noFiles();
}

export function dataFolders(): { given: string | undefined; local: string; cache: string } {
  return noFiles();
}

export function joinPath(...parts: string[]): string {
  return parts.join("/");
}

export function blockCodecs(): Record<string, (input: Uint8Array, limit: number) => Uint8Array> {
  return {};
}
