import { z } from "zod";
import { DTYPES } from "../../core/index.ts";
import { Refusal } from "../refusal.ts";
import type {
  AuditAsk,
  BuildAsk,
  ConfigureAsk,
  CreateAsk,
  IdsAsk,
  RemoveAsk,
  ScrollAsk,
  SearchBody,
  UpsertAsk,
} from "./asks.ts";

/** Components are checked where they are read, in one pass over all of them, not one by one here. */
const vector: z.ZodType<readonly number[]> = z
  .custom<readonly number[]>((value) => Array.isArray(value), "a list of numbers")
  .meta({
    type: "array",
    items: { type: "number" },
    description: "as many finite numbers as the collection has dimensions",
  });

const vectors: z.ZodType<readonly (readonly number[])[]> = z
  .custom<readonly (readonly number[])[]>(
    (value) => Array.isArray(value) && value.every(Array.isArray),
    "a list of vectors",
  )
  .meta({ type: "array", items: { type: "array", items: { type: "number" } } });

const id: z.ZodType<number | string> = z
  .union([z.number().int(), z.string().max(65_536)])
  .meta({ description: 'a whole number within ±2^53, or text; 1 and "1" are two' });

const metadata = z
  .custom<Record<string, never>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "an object of fields",
  )
  .meta({ type: "object", description: "fields: text, numbers, booleans, null, or lists of them" });

const filter = z.union([z.string(), metadata]).meta({
  description:
    'an expression such as `year >= 2000 and tag == "red"`, or a condition object; see docs/filters.md',
});

const params = z
  .record(z.string(), z.number())
  .meta({ description: "of the index, such as efSearch, nprobe, rerank" });

/** What has a field of its own, and would otherwise be said twice: of a copy, its dimension must not change. */
const NO_OPTIONS = [
  ...["dimension", "metric", "metricOptions", "dtype", "seed", "spec", "targetRecall", "k", "threads"],
  ...["keys", "metadata", "signal", "onProgress"],
];

const options = params
  .refine((given) => !NO_OPTIONS.some((name) => Object.hasOwn(given, name)), {
    error: `options name how an index is built, none of ${NO_OPTIONS.join(", ")}`,
  })
  .meta({ description: "of the index's building, such as efConstruction" });

const index = z
  .string()
  .max(200)
  .meta({ description: "a specification such as Flat, HNSW32, HNSW16,SQ7,Refine or Auto" });
const targetRecall = z
  .number()
  .gt(0)
  .max(1)
  .meta({ description: "share of true neighbours to find, above 0 and at most 1" });

export const createAsk: z.ZodType<CreateAsk> = z.strictObject({
  dimension: z.number().int().min(1).max(65_535),
  metric: z
    .string()
    .max(40)
    .optional()
    .meta({ description: "l2 (default), l2sq, cosine, ip, l1, linf, hamming, haversine" }),
  dtype: z.enum(DTYPES as unknown as readonly ["f32", "u8", "i8", "bits"]).optional(),
  index: index.optional(),
  targetRecall: targetRecall.optional(),
  seed: z.number().int().min(0).optional(),
  options: options.optional(),
});

export const configureAsk: z.ZodType<ConfigureAsk> = z.strictObject({ params });

export const upsertAsk: z.ZodType<UpsertAsk> = z.strictObject({
  points: z.array(z.strictObject({ id: id.optional(), vector, metadata: metadata.nullish() })).optional(),
  vectors: vectors.optional(),
  ids: z.array(id).optional(),
  metadata: z.array(metadata.nullable()).optional(),
});

export const idsAsk: z.ZodType<IdsAsk> = z.strictObject({
  ids: z.array(id),
  withVectors: z.boolean().optional(),
});

export const removeAsk: z.ZodType<RemoveAsk> = z.strictObject({
  ids: z.array(id).optional(),
  filter: filter.optional(),
});

export const scrollAsk: z.ZodType<ScrollAsk> = z.strictObject({
  limit: z.number().int().min(1).max(10_000).optional(),
  after: id.optional(),
  filter: filter.optional(),
  withVectors: z.boolean().optional(),
});

export const searchAsk: z.ZodType<SearchBody> = z.strictObject({
  vector: vector.optional(),
  vectors: vectors.optional(),
  id: id.optional(),
  ids: z.array(id).optional(),
  k: z.number().optional(),
  filter: filter.optional(),
  radius: z.number().optional(),
  maxDistance: z.number().optional(),
  exact: z.boolean().optional(),
  params: params.optional(),
  audit: z.boolean().optional(),
  withMetadata: z.boolean().optional(),
  withVectors: z.boolean().optional(),
});

export const buildAsk: z.ZodType<BuildAsk> = z.strictObject({
  index: index.optional(),
  targetRecall: targetRecall.optional(),
  k: z.number().int().min(1).optional(),
  seed: z.number().int().min(0).optional(),
  threads: z.number().int().min(1).max(64).optional(),
  options: options.optional(),
});

export const auditAsk: z.ZodType<AuditAsk> = z.strictObject({
  sample: z.number().int().min(1).max(100_000).optional(),
  k: z.number().int().min(1).max(10_000).optional(),
  seed: z.number().int().min(0).optional(),
  params: params.optional(),
});

/** A body as JSON. @throws Refusal BAD_JSON */
export function parseJson(body: ArrayBuffer | Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal("BAD_JSON", `The body is no JSON in UTF-8: ${why.slice(0, 200)}.`, {}, { cause });
  }
}

/** A JSON value of the form that a route takes. @throws Refusal BAD_JSON naming the place */
export function checkForm<T>(schema: z.ZodType<T>, value: unknown): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  const where = path.length === 0 ? "The body" : path.map(String).join(".").slice(0, 200);
  throw new Refusal(
    "BAD_JSON",
    `${where} is not as it should be: ${message.slice(0, 300)}; see /openapi.json.`,
  );
}
