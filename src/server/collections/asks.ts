import type { Dtype } from "../../core/index.ts";

// What clients send as JSON, once its form was checked; docs/server.md and /openapi.json explain the fields.

export type Id = number | string;

/** An expression, or a condition object; both are compiled where they are used. */
export type FilterBody = string | Readonly<Record<string, unknown>>;

export interface CreateAsk {
  dimension: number;
  metric?: string | undefined;
  dtype?: Dtype | undefined;
  index?: string | undefined;
  targetRecall?: number | undefined;
  seed?: number | undefined;
  options?: Readonly<Record<string, number>> | undefined;
}

export interface ConfigureAsk {
  params: Readonly<Record<string, number>>;
}

export interface UpsertAsk {
  points?: readonly PointBody[] | undefined;
  vectors?: readonly (readonly number[])[] | undefined;
  ids?: readonly Id[] | undefined;
  metadata?: readonly (Readonly<Record<string, never>> | null)[] | undefined;
}

export interface PointBody {
  id?: Id | undefined;
  vector: readonly number[];
  metadata?: Readonly<Record<string, never>> | null | undefined;
}

export interface IdsAsk {
  ids: readonly Id[];
  withVectors?: boolean | undefined;
}

export interface RemoveAsk {
  ids?: readonly Id[] | undefined;
  filter?: FilterBody | undefined;
}

export interface ScrollAsk {
  limit?: number | undefined;
  after?: Id | undefined;
  filter?: FilterBody | undefined;
  withVectors?: boolean | undefined;
}

export interface SearchBody {
  vector?: readonly number[] | undefined;
  vectors?: readonly (readonly number[])[] | undefined;
  id?: Id | undefined;
  ids?: readonly Id[] | undefined;
  k?: number | undefined;
  filter?: FilterBody | undefined;
  radius?: number | undefined;
  maxDistance?: number | undefined;
  exact?: boolean | undefined;
  params?: Readonly<Record<string, number>> | undefined;
  audit?: boolean | undefined;
  withMetadata?: boolean | undefined;
  withVectors?: boolean | undefined;
}

export interface BuildAsk {
  index?: string | undefined;
  targetRecall?: number | undefined;
  k?: number | undefined;
  seed?: number | undefined;
  threads?: number | undefined;
  options?: Readonly<Record<string, number>> | undefined;
}

export interface AuditAsk {
  sample?: number | undefined;
  k?: number | undefined;
  seed?: number | undefined;
  params?: Readonly<Record<string, number>> | undefined;
}
