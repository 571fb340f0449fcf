// The quantized graph as TypeScript calls it. `s.scorer` is of L2Codes7: a quantized graph is over 7-bit codes.

import { dotCodes7 } from "../kernels/codes";
import { Scratch } from "../graph/layout";
import { answerRescored, Request } from "../graph/query";
import { descend } from "../graph/search";
import { encodeRow } from "../quantize";
import { L2Codes7 } from "../scorers";
import { fillBlock, rotateCode } from "./fill";
import { Blocks, PLANES } from "./layout";
import { searchBlocks, slice } from "./search";

/** Writes the blocks of the rows listed at `rows` (u32), begin … end of them; of these rows themselves when it is 0. */
export function qgFill(s: Scratch, g: Blocks, rows: usize, begin: i32, end: i32): void {
  const scorer = changetype<L2Codes7>(s.scorer);
  for (let i = begin; i < end; i++) fillBlock(scorer, g, rows ? load<u32>(rows + (<usize>i << 2)) : <u32>i, s.code);
}

/** Answers queries begin … end of a request. `s.code` has room for the query's code, its planes, and its floats. */
export function qgQuery(s: Scratch, g: Blocks, r: Request, begin: i32, end: i32): void {
  const scorer = changetype<L2Codes7>(s.scorer);
  const planes = s.code + scorer.bytes + 32;
  const floats = planes + <usize>((g.turned >> 6) * (PLANES << 3));
  for (let q = begin; q < end; q++) {
    const query = r.queries + <usize>q * r.queryStride;
    encodeRow(query, r.offsets, r.inverseStep, r.levels, s.code, <i32>scorer.bytes);
    store<i32>(s.code + scorer.bytes, dotCodes7(s.code, s.code, scorer.bytes));
    scorer.useQuery(s.code);
    rotateCode(g, s.code, 0, scorer.bytes, floats);
    slice(floats, g.turned, planes);
    const entry = descend<L2Codes7>(scorer, g.graph, s, <u32>g.graph.entry, g.graph.maxLevel, 0);
    searchBlocks(scorer, g, s, planes, entry, r.ef);
    store<u32>(r.counts + (<usize>q << 2), answerRescored(s, r, q, query));
  }
}
