// The plain scan: every row's strict distance, in the order of memory.

import { accept, worstScore } from "./list";
import { queryAt, skipByte, strictScore } from "./settle";
import { BLOCK, ExactScratch, ExactStore, MODE_RANGE, OUT_MIN } from "./layout";

function scanBlock(data: ExactStore, s: ExactScratch, q: u32, begin: u32, end: u32): void {
  const query = queryAt(s, q);
  let worst = worstScore(s, q);
  let scored: u32 = 0;
  for (let row = begin; row < end; row++) {
    if (s.skip && (skipByte(s, row >> 3) >> (row & 7)) & 1) continue;
    scored++;
    const score = strictScore(data, query, row);
    // A NaN passes and is sorted out by `accept`.
    if (score > worst) continue;
    accept(s, q, row, score);
    worst = worstScore(s, q);
  }
  s.scored += scored;
}

/** All staged queries against rows begin … end−1; stops and resumes like searchCodes. */
export function searchScan(data: ExactStore, s: ExactScratch, begin: u32, end: u32): u32 {
  let row = max(begin, s.resumeRow);
  while (row < end) {
    const stop = min(end, row + BLOCK);
    for (let q = s.resumeTile; q < s.nq; q++) {
      if (s.mode == MODE_RANGE && s.outCapacity - s.outCount < OUT_MIN) {
        s.resumeRow = row;
        s.resumeTile = q;
        return 0;
      }
      scanBlock(data, s, q, row, stop);
    }
    s.resumeTile = 0;
    row = stop;
  }
  s.resumeRow = 0;
  return 1;
}
