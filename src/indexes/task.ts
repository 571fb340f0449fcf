export * from "../kernels/task.ts";
