/** Shape of a convolution, written by TypeScript. */
@unmanaged
export class Shape {
  height: i32;
  width: i32;
  channels: i32;
  channelsOut: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  stride: i32;
  padTop: i32;
  padLeft: i32;
  outHeight: i32;
  outWidth: i32;
}
