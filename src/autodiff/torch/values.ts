import type { Shape } from "../shape.ts";

/** Element types that storages of PyTorch have, by the name that its classes begin with. */
export const STORAGE_TYPES = {
  Double: "F64",
  Float: "F32",
  Half: "F16",
  BFloat16: "BF16",
  Long: "I64",
  Int: "I32",
  Short: "I16",
  Char: "I8",
  Byte: "U8",
  Bool: "BOOL",
} as const;
export type StorageType = (typeof STORAGE_TYPES)[keyof typeof STORAGE_TYPES];

export const ELEMENT_SIZES: Readonly<Record<StorageType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** A list, tuple or set. */
export interface Items {
  readonly kind: "list" | "tuple" | "set";
  readonly items: Value[];
}

/** A dictionary, ordered or not. */
export interface Dict {
  readonly kind: "dict";
  readonly entries: Map<Key, Value>;
}
export type Key = string | number | bigint | boolean | null;

/** A class or function, by name; it is never looked up anywhere. */
export interface Named {
  readonly kind: "global";
  readonly name: string;
}

/** An object of a class: what was its attributes. */
export interface Instance {
  readonly kind: "object";
  readonly of: string;
  attributes: Dict | undefined;
}

/** A run of elements of the file; its bytes are there once the file was read to its end. */
export interface Storage {
  readonly kind: "storage";
  readonly key: string;
  readonly dtype: StorageType;
  readonly count: number;
  bytes: Uint8Array | undefined;
}

/** Elements of a storage in a shape; offset and strides in elements, checked against its count. */
export interface Strided {
  readonly kind: "tensor";
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

/** What a pickle may hold here. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Items
  | Dict
  | Named
  | Instance
  | Storage
  | Strided;

export type Kind = Exclude<Value, null | boolean | number | bigint | string | Uint8Array>["kind"];

export type ValueOf<K extends Kind> = K extends Items["kind"] ? Items : Extract<Value, { kind: K }>;

/** The value when it is of this kind. */
export function asKind<K extends Kind>(value: Value | undefined, kind: K): ValueOf<K> | undefined {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return undefined;
  return value.kind === kind ? (value as ValueOf<K>) : undefined;
}

/** What a value is, for messages. */
export function describe(value: Value | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (typeof value !== "object") return String(value).slice(0, 60);
  if (value.kind === "global") return value.name;
  return value.kind === "object" ? `a ${value.of}` : `a ${value.kind}`;
}
