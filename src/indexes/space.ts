export * from "../kernels/space.ts";
