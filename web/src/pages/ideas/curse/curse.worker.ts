import { createRng } from "vicinal/core";
import { answer } from "../parts/answer.ts";
import { type Crowds, crowdsOf, type Kind } from "./sample.ts";

answer((seed: number): Crowds => {
  const each = (kind: Kind) => crowdsOf(kind, createRng(seed, kind));
  return { anywhere: each("anywhere"), sheet: each("sheet") };
});
