import {
  add,
  gather,
  logSumExp,
  mul,
  pick,
  squaredDistances,
  sub,
  sum,
  Tensor,
} from "../../autodiff/index.ts";
import { shapeError, shapeText } from "../../autodiff/shape.ts";
import { VicinalError } from "../../core/index.ts";
import {
  batchShape,
  dots,
  logOnePlusSumExp,
  mask,
  nothing,
  type Reduction,
  reduceTerms,
  unitRows,
} from "./batch.ts";
import { lossOptions } from "./options.ts";

export interface ProxyOptions {
  /** Whether rows and proxies are scaled to unit length first; default false. */
  unit?: boolean;
  /** Multiplies d², default 1. */
  scale?: number;
  /** Default `mean`. */
  reduction?: Reduction;
}

export const PROXY_DEFAULTS: Required<ProxyOptions> = { unit: false, scale: 1, reduction: "mean" };

/** The labels as rows of a table of one row for each class. Throws BAD_INPUT for others, and unless shapes go together. */
export function classRows(z: Tensor, labels: ArrayLike<number>, table: Tensor): Int32Array {
  const [rows, cols] = batchShape("embeddings", z);
  if (!(table instanceof Tensor))
    throw shapeError("class vectors", String(table), `a tensor of [classes, ${cols}]`);
  if (table.rank !== 2 || table.shape[1] !== cols) {
    throw shapeError("class vectors", shapeText(table.shape), `[classes, ${cols}]`);
  }
  return classNumbers(labels, rows, table.shape[0]!);
}

/** The labels as whole numbers below `classes`, one for each row, or BAD_INPUT. */
export function classNumbers(labels: ArrayLike<number>, rows: number, classes: number): Int32Array {
  if (labels?.length !== rows) {
    const got = `${labels?.length ?? "none"} of them for ${rows} rows`;
    throw new VicinalError("BAD_INPUT", { what: "labels", got, rule: "one for each row" });
  }
  return Int32Array.from({ length: rows }, (_, i) => {
    const label = labels[i]!;
    if (Number.isInteger(label) && label >= 0 && label < classes) return label;
    const rule = `a class from 0 to ${classes - 1}`;
    throw new VicinalError("BAD_INPUT", { what: `label ${i}`, got: String(label), rule });
  });
}

/** −scale · d² of each row to each proxy. */
function nearness(z: Tensor, proxies: Tensor, { unit, scale }: Required<ProxyOptions>): Tensor {
  const [rows, table] = unit ? [unitRows(z), unitRows(proxies)] : [z, proxies];
  return mul(squaredDistances(rows, table), -scale);
}

/**
 * Proxy-NCA: each row should be nearer to the proxy of its class than to the other proxies; its own is not in the
 * denominator. With one class alone there is nothing to learn.
 *
 * @param z shape n × d
 * @param labels row of `proxies` for each row of z
 * @param proxies a parameter of shape classes × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Movshovitz-Attias et al., No Fuss Distance Metric Learning using Proxies, ICCV 2017
 */
export function proxyNca(
  z: Tensor,
  labels: ArrayLike<number>,
  proxies: Tensor,
  given: ProxyOptions = {},
): Tensor {
  const options = lossOptions(PROXY_DEFAULTS, given);
  const own = classRows(z, labels, proxies);
  const classes = proxies.shape[0]!;
  if (own.length === 0 || classes < 2) return add(nothing(z), nothing(proxies));
  const near = nearness(z, proxies, options);
  const others = mask(z.tape, own.length, classes, (i, j) => own[i] !== j);
  return reduceTerms(sub(logSumExp(add(near, others)), pick(near, own)), options.reduction, z);
}

/**
 * Softmax over −d² to the proxies: cross-entropy of the own class, all proxies in the denominator.
 *
 * @param z shape n × d
 * @param labels row of `proxies` for each row of z
 * @param proxies a parameter of shape classes × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Teh, DeVries & Taylor, ProxyNCA++, ECCV 2020
 */
export function proxySoftmax(
  z: Tensor,
  labels: ArrayLike<number>,
  proxies: Tensor,
  given: ProxyOptions = {},
): Tensor {
  const options = lossOptions(PROXY_DEFAULTS, given);
  const own = classRows(z, labels, proxies);
  if (own.length === 0) return add(nothing(z), nothing(proxies));
  const near = nearness(z, proxies, options);
  return reduceTerms(sub(logSumExp(near), pick(near, own)), options.reduction, z);
}

export interface ProxyAnchorOptions {
  /** Cosine that a row should have with its proxy at least, and minus that with others at most; default 0.1. */
  margin?: number;
  /** Multiplies cosines, default 32. */
  scale?: number;
}

export const PROXY_ANCHOR_DEFAULTS: Required<ProxyAnchorOptions> = { margin: 0.1, scale: 32 };

/**
 * Proxy-anchor: each proxy pulls the rows of its class and pushes the others, the hardest most.
 *
 * @param z shape n × d
 * @param labels row of `proxies` for each row of z
 * @param proxies a parameter of shape classes × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Kim, Kim, Cho & Kwak, Proxy Anchor Loss for Deep Metric Learning, CVPR 2020
 */
export function proxyAnchor(
  z: Tensor,
  labels: ArrayLike<number>,
  proxies: Tensor,
  given: ProxyAnchorOptions = {},
): Tensor {
  const { margin, scale } = lossOptions(PROXY_ANCHOR_DEFAULTS, given);
  const own = classRows(z, labels, proxies);
  const classes = proxies.shape[0]!;
  if (own.length === 0) return add(nothing(z), nothing(proxies));
  const cosines = dots(unitRows(proxies), unitRows(z));
  const mine = mask(z.tape, classes, own.length, (c, i) => own[i] === c);
  const theirs = mask(z.tape, classes, own.length, (c, i) => own[i] !== c);
  const pull = logOnePlusSumExp(add(mul(sub(cosines, margin), -scale), mine));
  const push = logOnePlusSumExp(add(mul(add(cosines, margin), scale), theirs));
  return add(mul(sum(pull), 1 / new Set(own).size), mul(sum(push), 1 / classes));
}

export interface CentreOptions {
  /** Default `mean`. */
  reduction?: Reduction;
}

export const CENTRE_DEFAULTS: Required<CentreOptions> = { reduction: "mean" };

/**
 * Centre loss: half the squared distance of each row to the centre of its class, beside a loss that keeps classes apart.
 *
 * @param z shape n × d
 * @param labels row of `centres` for each row of z
 * @param centres a parameter of shape classes × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Wen, Zhang, Li & Qiao, A Discriminative Feature Learning Approach for Deep Face Recognition, ECCV 2016
 */
export function centre(
  z: Tensor,
  labels: ArrayLike<number>,
  centres: Tensor,
  given: CentreOptions = {},
): Tensor {
  const { reduction } = lossOptions(CENTRE_DEFAULTS, given);
  const own = classRows(z, labels, centres);
  if (own.length === 0) return add(nothing(z), nothing(centres));
  const apart = sub(z, gather(centres, own));
  return reduceTerms(mul(sum(mul(apart, apart), { axes: [1] }), 0.5), reduction, z);
}
