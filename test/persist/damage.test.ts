import { describe, expect, test } from "vitest";
import { createRng } from "../../src/core/rng.ts";
import { loadSnapshot, openSnapshot } from "../../src/persist/index.ts";
import { failureOf, sampleBytes } from "./helpers.ts";
import { xxh64Hex } from "./xxh64.ts";

const TYPED = ["CORRUPT", "FORMAT", "FORMAT_UNKNOWN", "FORMAT_VERSION"];

/** A file with that header text, lengths and checksum made right, followed by `data`. */
function fileWith(header: string, data: Uint8Array = new Uint8Array(0), jsonBytes?: number): Uint8Array {
  const json = Buffer.from(header, "utf8");
  const head = Math.ceil((32 + json.length) / 64) * 64;
  const bytes = new Uint8Array(head + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x8a, 0x56, 0x49, 0x43, 0x0d, 0x0a, 0x1a, 0x0a]);
  view.setUint32(8, 1, true);
  view.setUint32(12, jsonBytes ?? json.length, true);
  view.setBigUint64(16, BigInt(bytes.length), true);
  bytes.set(json, 32);
  bytes.set(data, head);
  return fixed(bytes, head);
}

/** The same file with the checksum of its first `head` bytes put right. */
function fixed(bytes: Uint8Array, head: number): Uint8Array {
  const covered = Buffer.concat([bytes.subarray(0, 24), bytes.subarray(32, head)]);
  new DataView(bytes.buffer).setBigUint64(24, BigInt(`0x${xxh64Hex(covered)}`), true);
  return bytes;
}

const section = (change: object = {}, bytes = new Uint8Array(64)): string =>
  JSON.stringify({ byteLength: 64, checksum: xxh64Hex(bytes), dtype: "u8", name: "a", offset: 0, ...change });
const header = (sections: string, facts = "{}"): string =>
  `{"facts":${facts},"kind":"x","sections":[${sections}]}`;

describe("a damaged file is refused with a typed error", () => {
  test("after any of 2,000 bit flips", async () => {
    const good = sampleBytes();
    const rng = createRng(11, "flips");
    const seen = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      const bytes = good.slice();
      const at = rng.below(bytes.length);
      bytes[at]! ^= 1 << rng.below(8);
      const error = await failureOf(() => loadSnapshot(bytes));
      expect(TYPED, `byte ${at}`).toContain(error.code);
      seen.add(error.code);
    }
    expect(seen).toContain("CORRUPT");
  });

  test("at every truncation, and with anything after its end", async () => {
    const good = sampleBytes();
    for (let length = 0; length < good.length; length++) {
      const error = await failureOf(() => loadSnapshot(good.slice(0, length)));
      expect(error.code, `${length} bytes`).toBe(length < 8 ? "FORMAT_UNKNOWN" : "FORMAT");
    }
    for (const extra of [1, 63, 64, 1000]) {
      const longer = new Uint8Array(good.length + extra);
      longer.set(good);
      expect((await failureOf(() => loadSnapshot(longer))).code).toBe("FORMAT");
      const declared = new Response(longer as Uint8Array<ArrayBuffer>, {
        headers: { "content-length": String(good.length) },
      });
      expect((await failureOf(() => loadSnapshot(declared))).code).toBe("FORMAT");
    }
  });

  test("when a declared length is a lie, for every truncation of the body", async () => {
    const good = sampleBytes();
    for (let length = 0; length < good.length; length += 7) {
      const body = new Response(good.slice(0, length) as Uint8Array<ArrayBuffer>, {
        headers: { "content-length": String(good.length) },
      });
      expect(TYPED).toContain((await failureOf(() => loadSnapshot(body))).code);
    }
  });

  test("when a newer version wrote it", async () => {
    const bytes = sampleBytes();
    bytes[8] = 2;
    const error = await failureOf(() => loadSnapshot(bytes));
    expect(error.code).toBe("FORMAT_VERSION");
    expect(error.params).toMatchObject({ got: 2, want: 1 });
  });

  test("when it was copied as text, saying so", async () => {
    const text = Buffer.from(
      Buffer.from(sampleBytes()).toString("latin1").replaceAll("\r\n", "\n"),
      "latin1",
    );
    const error = await failureOf(() => loadSnapshot(text));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain("as text");
  });

  test("when it is something else", async () => {
    for (const text of ["", "x", "hello, world, this is no index", "\x93NUMPY", "%PDF-1.7"]) {
      expect((await failureOf(() => loadSnapshot(Buffer.from(text, "latin1")))).code).toBe("FORMAT_UNKNOWN");
    }
  });

  test("in a section that is only skipped", async () => {
    const bytes = sampleBytes();
    const { sections } = (await openSnapshot(bytes)).header;
    bytes[sections[0]!.offset]! ^= 1;
    const reader = await openSnapshot(bytes);
    const error = await failureOf(() => reader.read("codes", new Uint8Array(131)));
    expect(error).toMatchObject({ code: "CORRUPT", params: { section: "vectors" } });
    await reader.close();
  });
});

describe("a hostile header with a right checksum is refused before anything is allocated", () => {
  test("while its honest twin is read", async () => {
    const loaded = await loadSnapshot(fileWith(header(section()), new Uint8Array(64)));
    expect(loaded.sections.get("a")).toEqual(new Uint8Array(64));
  });

  const huge = [2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 53 - 1, 1e300, -1, -64, 0.5, 65, 0];
  for (const length of huge) {
    test(`section length ${length}`, async () => {
      const bytes = fileWith(header(section({ byteLength: length })), new Uint8Array(64));
      const error = await failureOf(() => openSnapshot(bytes));
      expect(error.code).toBe("FORMAT");
      expect(error.message).not.toContain("canonical");
    }, 2000);
  }

  const spellings: Record<string, string> = {
    "a key given twice": header(section(), '{"a":1,"a":2}'),
    "a key __proto__": header(section(), '{"__proto__":{"polluted":1}}'),
    "keys out of order": header(section(), '{"b":1,"a":2}'),
    spaces: header(section(), "{ }"),
    "a number too large": header(section(), '{"a":1e999}'),
    NaN: header(section(), '{"a":NaN}'),
    "a lone surrogate": header(section(), '{"a":"\\ud800"}'),
    "a hundred thousand brackets": header(section(), `{"a":${"[".repeat(1e5)}${"]".repeat(1e5)}}`),
    "brackets that never close": "[".repeat(1e5),
    "text after the value": `${header(section())} `,
    nothing: "",
  };
  const structures: Record<string, string> = {
    "an offset that is negative": header(section({ offset: -64 })),
    "an offset beyond the file": header(section({ offset: 2 ** 52 })),
    "an offset that is not aligned": header(section({ offset: 8 })),
    "sections that overlap": header(`${section()},${section({ name: "b" })}`),
    "a section named twice": header(`${section({ byteLength: 0 })},${section()}`),
    "a name that is a path": header(section({ name: "../a" })),
    "an empty name": header(section({ name: "" })),
    "a name that is no string": header(section({ name: 7 })),
    "a type nobody knows": header(section({ dtype: "u128" })),
    "a type from Object.prototype": header(section({ dtype: "toString" })),
    "a length that is text": header(section({ byteLength: "64" })),
    "a length that is null": header(section({ byteLength: null })),
    "a checksum that is short": header(section({ checksum: "12" })),
    "a checksum in capitals": header(section({ checksum: "ABCDEFABCDEFABCD" })),
    "a member nobody knows": header(section({ zip: true })),
    "a section without a name": header(section().replace('"name":"a",', "")),
    "a section that is a list": header("[]"),
    "no sections for the bytes that follow": header(""),
    "a top member nobody knows": `${header(section()).slice(0, -1)},"z":1}`,
    "no facts": `{"kind":"x","sections":[${section()}]}`,
    "facts that are a list": header(section(), "[]"),
    "a kind that is a path": header(section()).replace('"x"', '"/etc"'),
    "a list": "[]",
    null: "null",
  };
  for (const [bombs, canonical] of [
    [spellings, false],
    [structures, true],
  ] as const) {
    for (const [what, text] of Object.entries(bombs)) {
      test(what, async () => {
        const error = await failureOf(() => openSnapshot(fileWith(text, new Uint8Array(64))));
        expect(error.code).toBe("FORMAT");
        expect(error.message.includes("canonical JSON")).toBe(!canonical);
        expect(({} as { polluted?: number }).polluted).toBe(undefined);
      }, 2000);
    }
  }

  test("1,001 sections", async () => {
    const many = Array.from({ length: 1001 }, (_, i) => section({ name: `s${i}`, byteLength: 0 })).join(",");
    expect((await failureOf(() => openSnapshot(fileWith(header(many))))).code).toBe("FORMAT");
  });

  test("bytes that are no UTF-8", async () => {
    const bytes = fileWith(header(section(), '{"a":"z"}'), new Uint8Array(64));
    bytes[bytes.indexOf(0x7a, 32)] = 0xff;
    expect((await failureOf(() => openSnapshot(fixed(bytes, bytes.length - 64)))).code).toBe("FORMAT");
  });

  test("header lengths up to 2^32 − 1 and file lengths up to 2^64 − 1", async () => {
    for (const length of [1, 97, 16777217, 0x7fffffff, 0xffffffff]) {
      const bytes = fileWith(header(section()), new Uint8Array(64), length);
      expect(["FORMAT", "CORRUPT"]).toContain((await failureOf(() => openSnapshot(bytes))).code);
    }
    for (const length of [0n, 1n, 64n, 128n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 64n]) {
      const bytes = fileWith(header(section()), new Uint8Array(64));
      new DataView(bytes.buffer).setBigUint64(16, length, true);
      const stream = new Response(fixed(bytes, bytes.length - 64) as Uint8Array<ArrayBuffer>);
      expect((await failureOf(() => openSnapshot(stream))).code, `${length}`).toBe("FORMAT");
    }
  });

  test("padding that is not zero, after the header and after a section", async () => {
    const data = new Uint8Array(64);
    const bytes = fileWith(
      header(
        section({ byteLength: 3 }, data.subarray(0, 3)).replace(
          /"checksum":"\w+"/,
          `"checksum":"${xxh64Hex(data.subarray(0, 3))}"`,
        ),
      ),
      data,
    );
    await loadSnapshot(bytes);
    const after = bytes.slice();
    after[after.length - 1] = 1;
    expect((await failureOf(() => loadSnapshot(after))).code).toBe("FORMAT");
    const before = bytes.slice();
    before[before.length - 65] = 1;
    expect((await failureOf(() => loadSnapshot(fixed(before, before.length - 64)))).code).toBe("FORMAT");
  });

  test("2,000 random changes of header bytes with the checksum put right never do anything else", async () => {
    const good = sampleBytes();
    const { sections } = (await openSnapshot(good)).header;
    const head = sections[0]!.offset;
    const rng = createRng(12, "fixed-up");
    let accepted = 0;
    for (let i = 0; i < 2000; i++) {
      const bytes = good.slice();
      for (let n = 1 + rng.below(3); n > 0; n--) bytes[8 + rng.below(head - 8)] = rng.below(256);
      fixed(bytes, head);
      try {
        await loadSnapshot(bytes);
        accepted++;
      } catch (error) {
        expect(TYPED).toContain((error as { code: string }).code);
      }
    }
    // Some changes only alter a fact or a name, which is then what the file says.
    expect(accepted).toBeLessThan(1000);
  });
});
