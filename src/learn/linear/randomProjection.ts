import {
  createRng,
  type Matrix,
  type Rng,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { type Csr, checkCsr, csrMultiply, csrToDense } from "../linalg/csr.ts";
import { type Dense, transpose, zeros } from "../linalg/dense.ts";
import { rowSource } from "../rows.ts";
import { fitted, openSaved, plainRows, type SavedModel } from "../saved.ts";
import { BLOCK_ROWS, type LinearMap, LinearModel } from "./linearModel.ts";

/**
 * Dimensions that keep all squared distances between n rows within 1 ± eps with good probability, whatever the rows:
 * 4 ln n / (eps²/2 − eps³/3) (Dasgupta & Gupta 2003, doi:10.1002/rsa.10073).
 *
 * @throws VicinalError OPTION_RANGE for eps outside of (0, 1) or n < 1
 */
export function johnsonLindenstraussMinDim(n: number, eps = 0.1): number {
  wholeNumber("n", n, 1, Number.MAX_SAFE_INTEGER);
  checkEps(eps);
  return Math.floor((4 * Math.log(n)) / (eps ** 2 / 2 - eps ** 3 / 3));
}

function checkEps(eps: number): void {
  if (typeof eps !== "number" || !(eps > 0 && eps < 1)) {
    throw new VicinalError("OPTION_RANGE", { option: "eps", got: eps, rule: "above 0 and below 1" });
  }
}

export interface RandomProjectionOptions {
  /** Dimensions made; "auto" asks {@link johnsonLindenstraussMinDim} for the rows of the fit. */
  nComponents?: number | "auto";
  /** What "auto" keeps distances within. */
  eps?: number;
  seed?: number;
}

export interface SparseProjectionOptions extends RandomProjectionOptions {
  /** Share of entries other than 0; "auto" is 1/√d (Li, Hastie & Church 2006, doi:10.1145/1150402.1150436). */
  density?: number | "auto";
}

export const RANDOM_PROJECTION_DEFAULTS: Required<RandomProjectionOptions> = {
  nComponents: "auto",
  eps: 0.1,
  seed: 42,
};
export const SPARSE_PROJECTION_DEFAULTS: Required<SparseProjectionOptions> = {
  ...RANDOM_PROJECTION_DEFAULTS,
  density: "auto",
};

function checkShared({ nComponents, eps, seed }: Required<RandomProjectionOptions>): void {
  if (nComponents !== "auto") wholeNumber("nComponents", nComponents, 1, 2 ** 31 - 1);
  checkEps(eps);
  wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
}

/** Rows and columns of the data, which is all that a projection needs of them. */
function shapeOf(
  input: VectorsInput,
  { nComponents, eps }: Required<RandomProjectionOptions>,
): [number, number] {
  const { rows, cols } = rowSource(input);
  const m = nComponents === "auto" ? johnsonLindenstraussMinDim(rows, eps) : nComponents;
  if (m < 1 || (nComponents === "auto" && m > cols)) {
    const rule = `from 1 to ${cols}, the columns of the data; choose a larger eps or set nComponents`;
    throw new VicinalError("OPTION_RANGE", { option: `nComponents for ${rows} rows`, got: m, rule });
  }
  return [m, cols];
}

/** Rows times a matrix of independent N(0, 1/m): distances are kept within about 1 ± 1/√m. */
export class GaussianRandomProjection extends LinearModel {
  readonly options: Readonly<Required<RandomProjectionOptions>>;
  #components: Dense | undefined;

  constructor(options: RandomProjectionOptions = {}) {
    super();
    this.options = resolveOptions<Required<RandomProjectionOptions>>(RANDOM_PROJECTION_DEFAULTS, options);
    checkShared(this.options);
  }

  /** m × d. */
  get components_(): Dense {
    return fitted(this.#components, "GaussianRandomProjection");
  }

  /** Draws the matrix for rows of this shape; their values do not matter. Throws OPTION_RANGE, BAD_INPUT. */
  fit(rows: VectorsInput): this {
    const [m, d] = shapeOf(rows, this.options);
    const rng = createRng(this.options.seed, "gaussianProjection");
    const components = zeros(m, d);
    const scale = 1 / Math.sqrt(m);
    for (let i = 0; i < components.data.length; i++) components.data[i] = scale * rng.normal();
    this.#components = components;
    return this;
  }

  fitTransform(rows: VectorsInput): Matrix {
    return this.fit(rows).transform(rows);
  }

  protected override map(): LinearMap {
    return { components: this.components_, origin: undefined };
  }

  toJSON(): SavedModel & Record<string, unknown> {
    const components = plainRows(this.components_);
    return { format: "vicinal/GaussianRandomProjection", version: 1, options: this.options, components };
  }

  static fromJSON(json: unknown): GaussianRandomProjection {
    const saved = openSaved(json, "GaussianRandomProjection");
    const model = new GaussianRandomProjection(saved.options<RandomProjectionOptions>("options"));
    model.#components = saved.matrix("components");
    return model;
  }
}

/** Rows times a sparse matrix of 0 and ±√(1 / (density · m)) (Achlioptas 2003): as good, in less time and room. */
export class SparseRandomProjection extends LinearModel {
  readonly options: Readonly<Required<SparseProjectionOptions>>;
  #components: Csr | undefined;
  #density = 0;

  constructor(options: SparseProjectionOptions = {}) {
    super();
    this.options = resolveOptions<Required<SparseProjectionOptions>>(SPARSE_PROJECTION_DEFAULTS, options);
    checkShared(this.options);
    const { density } = this.options;
    if (density !== "auto" && !(typeof density === "number" && density > 0 && density <= 1)) {
      const rule = 'above 0 and at most 1, or "auto"';
      throw new VicinalError("OPTION_RANGE", { option: "density", got: density, rule });
    }
  }

  /** m × d. */
  get components_(): Csr {
    return fitted(this.#components, "SparseRandomProjection");
  }

  get density_(): number {
    fitted(this.#components, "SparseRandomProjection");
    return this.#density;
  }

  /** Draws the matrix for rows of this shape; their values do not matter. Throws OPTION_RANGE, BAD_INPUT. */
  fit(rows: VectorsInput): this {
    const [m, d] = shapeOf(rows, this.options);
    const { density, seed } = this.options;
    const share = density === "auto" ? 1 / Math.sqrt(d) : density;
    this.#components = drawSparse(m, d, share, createRng(seed, "sparseProjection"));
    this.#density = share;
    return this;
  }

  fitTransform(rows: VectorsInput): Matrix {
    return this.fit(rows).transform(rows);
  }

  override transform(rows: VectorsInput): Matrix {
    const components = this.components_;
    const { cols: d, rows: m } = components;
    const source = rowSource(rows, "rows", 0, d);
    const data = new Float32Array(source.rows * m);
    const block = zeros(BLOCK_ROWS, d);
    for (let from = 0; from < source.rows; from += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, source.rows - from);
      source.copyInto(block.data, from, from + count);
      const mapped = transpose(csrMultiply(components, transpose({ ...block, rows: count })));
      data.set(mapped.data, from * m);
    }
    return { data, rows: source.rows, cols: m, stride: m };
  }

  protected override map(): LinearMap {
    return { components: csrToDense(this.components_), origin: undefined };
  }

  toJSON(): SavedModel & Record<string, unknown> {
    const { rows, cols, indptr, indices, data } = this.components_;
    return {
      format: "vicinal/SparseRandomProjection",
      version: 1,
      options: this.options,
      density: this.#density,
      rows,
      cols,
      indptr: Array.from(indptr),
      indices: Array.from(indices),
      data: Array.from(data),
    };
  }

  static fromJSON(json: unknown): SparseRandomProjection {
    const saved = openSaved(json, "SparseRandomProjection");
    const model = new SparseRandomProjection(saved.options<SparseProjectionOptions>("options"));
    const rows = saved.whole("rows", 1, 2 ** 31 - 1);
    const [indptr, indices, data] = (["indptr", "indices", "data"] as const).map((name) =>
      saved.vector(name),
    );
    const bad = [...indptr!, ...indices!].find((x) => !Number.isInteger(x) || x < 0 || x > 0xffffffff);
    if (bad !== undefined) saved.fail("places are whole numbers", String(bad));
    const csr = {
      rows,
      cols: saved.whole("cols", 1, 2 ** 31 - 1),
      indptr: Uint32Array.from(indptr!),
      indices: Uint32Array.from(indices!),
      data: data!,
    };
    try {
      model.#components = checkCsr(csr, "saved SparseRandomProjection");
    } catch (error) {
      saved.fail((error as Error).message);
    }
    model.#density = saved.number("density", 0, 1);
    return model;
  }
}

/** Each entry is other than 0 with probability `share`: gaps between entries are geometric. */
function drawSparse(m: number, d: number, share: number, rng: Rng): Csr {
  const value = Math.sqrt(1 / (share * m));
  const indptr = new Uint32Array(m + 1);
  const indices: number[] = [];
  const data: number[] = [];
  const log = Math.log1p(-share);
  for (let i = 0; i < m; i++) {
    for (let j = gap(); j < d; j += 1 + gap()) {
      indices.push(j);
      data.push(rng.u32() & 0x80000000 ? -value : value);
    }
    indptr[i + 1] = indices.length;
  }
  return { rows: m, cols: d, indptr, indices: Uint32Array.from(indices), data: Float64Array.from(data) };

  function gap(): number {
    return share === 1 ? 0 : Math.floor(Math.log(1 - rng.next()) / log);
  }
}
