import { VicinalError } from "../../core/index.ts";
import type { FieldValue, Metadata } from "../../indexes/index.ts";

export type Payload = Readonly<Record<string, unknown>>;

/** The field that keeps a payload as it came, where fields alone would lose its form. */
const PAYLOAD_FIELD = "payload.json";

const MAX_DEPTH = 32;

type Scalar = string | number | boolean;

/**
 * A payload as metadata. What has only fields with plain values and lists of them is kept so; of others each value deep
 * inside becomes a field by its path (`author.name`, `parts[].title`), for filters, beside the whole as JSON.
 */
export function metadataOf(payload: Payload | null | undefined): Metadata | undefined {
  if (payload === null || payload === undefined) return undefined;
  if (typeof payload !== "object" || Array.isArray(payload)) {
    throw new VicinalError("BAD_INPUT", {
      what: "payload",
      got: typeof payload,
      rule: "an object of fields",
    });
  }
  if (!Object.hasOwn(payload, PAYLOAD_FIELD) && Object.values(payload).every(isPlain))
    return payload as Metadata;
  const fields = new Map<string, FieldValue>();
  for (const name of Object.keys(payload)) collect(fields, name, payload[name], 1);
  const record: Record<string, FieldValue> = Object.create(null) as Record<string, FieldValue>;
  for (const [name, value] of fields) record[name] = value;
  record[PAYLOAD_FIELD] = JSON.stringify(payload);
  return record;
}

/** The payload that {@link metadataOf} kept; other metadata are payloads as they are. */
export function payloadOf(metadata: Metadata | undefined): Payload {
  if (metadata === undefined) return {};
  const whole = metadata[PAYLOAD_FIELD];
  if (typeof whole !== "string") return metadata;
  try {
    const payload: unknown = JSON.parse(whole);
    // The native API may have kept any text there.
    return typeof payload === "object" && payload !== null && !Array.isArray(payload)
      ? (payload as Payload)
      : metadata;
  } catch {
    return metadata;
  }
}

function collect(fields: Map<string, FieldValue>, path: string, value: unknown, depth: number): void {
  if (depth > MAX_DEPTH)
    throw new VicinalError("LIMIT", { what: "depth of the payload", got: depth, limit: MAX_DEPTH });
  if (isScalar(value)) add(fields, path, value);
  else if (value === null) {
    if (!fields.has(path)) fields.set(path, null);
  } else if (Array.isArray(value)) {
    for (const each of value)
      collect(fields, isScalar(each) || each === null ? path : `${path}[]`, each, depth + 1);
  } else if (typeof value === "object") {
    for (const [name, each] of Object.entries(value)) collect(fields, `${path}.${name}`, each, depth + 1);
  }
}

/** More than one value at a path makes a list of them. */
function add(fields: Map<string, FieldValue>, path: string, value: Scalar): void {
  const before = fields.get(path);
  if (before === undefined || before === null) fields.set(path, value);
  else if (Array.isArray(before)) (before as Scalar[]).push(value);
  else fields.set(path, [before as Scalar, value]);
}

function isPlain(value: unknown): boolean {
  return isScalar(value) || value === null || (Array.isArray(value) && value.every(isScalar));
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
