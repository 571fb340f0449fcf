import type { Method } from "./protocol.ts";

/** What the page says of a method. */
export const METHODS: Readonly<Record<Method, { readonly title: string; readonly idea: string }>> = {
  nlm: {
    title: "Non-local means",
    idea: "Every pixel becomes a mean over pixels whose surroundings look alike, wherever they are.",
  },
  bm3d: {
    title: "BM3D",
    idea: "The nearest patches are stacked, and what they do not share is taken for noise.",
  },
  dncnn: {
    title: "DnCNN",
    idea: "A convolutional network that learned to tell noise from pictures by local surroundings alone.",
  },
  n3net: {
    title: "N3Net",
    idea: "The same, and between its parts the nearest patches by a k-NN that gradients passed through.",
  },
};
