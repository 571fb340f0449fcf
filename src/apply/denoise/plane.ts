/** A grey picture: rows from the top, without gaps. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** The pixel that stands for pixel i of a line of n, which is continued by its mirror images: b a | a b c | c b. */
export function mirror(i: number, n: number): number {
  const at = ((i % (2 * n)) + 2 * n) % (2 * n);
  return at < n ? at : 2 * n - 1 - at;
}

/** A plane of width × height whose pixel (0, 0) is pixel (left, top) of the picture, continued by mirroring. */
export function mirrored(image: Plane, width: number, height: number, left = 0, top = 0): Plane {
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = mirror(y + top, image.height) * image.width;
    for (let x = 0; x < width; x++) data[y * width + x] = image.data[row + mirror(x + left, image.width)]!;
  }
  return { width, height, data };
}
