import { type Camera, pointSize, type Size } from "./camera.ts";

/** Draws every row of a map as a point, in one call. */
export interface PointRenderer {
  /** Places within −1 … 1, x and y in turn, and the order in which points are drawn over one another. */
  setPlaces(places: Float32Array, order: Uint32Array): void;
  /** Four bytes a row: red, green, blue, opacity; with opacity 0 a row is not drawn. */
  setColours(rgba: Uint8Array): void;
  /** Moves no data: the camera is all that changes. */
  draw(camera: Camera, size: Size, pixelRatio: number): void;
  close(): void;
}

// regl-scatterplot would do this, but its regl compiles commands by `new Function`, which the content policy forbids.

const VERTEX = `#version 300 es
layout(location = 0) in vec2 place;
layout(location = 1) in vec4 colour;
uniform vec2 centre;
uniform vec2 zoom;
uniform float size;
out vec4 shade;
void main() {
  gl_Position = colour.a == 0.0 ? vec4(2.0, 2.0, 2.0, 1.0) : vec4((place - centre) * zoom, 0.0, 1.0);
  gl_PointSize = size;
  shade = vec4(colour.rgb * colour.a, colour.a);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform float size;
in vec4 shade;
out vec4 pixel;
void main() {
  float beyond = (length(gl_PointCoord - 0.5) - 0.5) * size + 0.5;
  pixel = shade * clamp(0.5 - beyond, 0.0, 1.0);
}`;

/** Undefined where the browser has no WebGL2. */
export function createRenderer(canvas: HTMLCanvasElement): PointRenderer | undefined {
  const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
  if (gl === null) return undefined;
  let state: Prepared | undefined = prepare(gl);
  let kept: { places?: Float32Array; order?: Uint32Array; rgba?: Uint8Array } = {};

  const upload = (): void => {
    if (state === undefined) return;
    if (kept.places) fill(gl, gl.ARRAY_BUFFER, state.places, kept.places);
    if (kept.order) fill(gl, gl.ELEMENT_ARRAY_BUFFER, state.order, kept.order);
    if (kept.rgba) fill(gl, gl.ARRAY_BUFFER, state.colours, kept.rgba);
  };
  const onLost = (event: Event): void => {
    event.preventDefault();
    state = undefined;
  };
  const onRestored = (): void => {
    state = prepare(gl);
    upload();
    canvas.dispatchEvent(new Event("redraw"));
  };
  canvas.addEventListener("webglcontextlost", onLost);
  canvas.addEventListener("webglcontextrestored", onRestored);

  return {
    setPlaces(places, order) {
      kept = { ...kept, places, order };
      upload();
    },
    setColours(rgba) {
      kept = { ...kept, rgba };
      if (state !== undefined) fill(gl, gl.ARRAY_BUFFER, state.colours, rgba);
    },
    draw(camera, size, pixelRatio) {
      if (state === undefined) return;
      const width = Math.round(size.width * pixelRatio);
      const height = Math.round(size.height * pixelRatio);
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      const count = kept.order?.length ?? 0;
      gl.viewport(0, 0, width, height);
      gl.clear(gl.COLOR_BUFFER_BIT);
      // Between two maps, places may already be the new ones and colours not, or the other way round.
      if (count === 0 || kept.rgba?.length !== 4 * count) return;
      gl.uniform2f(state.centre, camera.x, camera.y);
      gl.uniform2f(state.zoom, (2 * camera.scale) / size.width, (2 * camera.scale) / size.height);
      gl.uniform1f(state.size, pointSize(camera, size, count) * pixelRatio);
      gl.drawElements(gl.POINTS, count, gl.UNSIGNED_INT, 0);
    },
    close() {
      canvas.removeEventListener("webglcontextlost", onLost);
      canvas.removeEventListener("webglcontextrestored", onRestored);
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}

interface Prepared {
  readonly places: WebGLBuffer;
  readonly colours: WebGLBuffer;
  readonly order: WebGLBuffer;
  readonly centre: WebGLUniformLocation | null;
  readonly zoom: WebGLUniformLocation | null;
  readonly size: WebGLUniformLocation | null;
}

function prepare(gl: WebGL2RenderingContext): Prepared {
  const program = gl.createProgram();
  for (const [type, text] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.bindVertexArray(gl.createVertexArray());
  const places = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, places);
  gl.enableVertexAttribArray(0);
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
  const colours = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, colours);
  gl.enableVertexAttribArray(1);
  gl.vertexAttribPointer(1, 4, gl.UNSIGNED_BYTE, true, 0, 0);
  const order = gl.createBuffer();
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, order);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  gl.clearColor(0, 0, 0, 0);
  return {
    places,
    colours,
    order,
    centre: gl.getUniformLocation(program, "centre"),
    zoom: gl.getUniformLocation(program, "zoom"),
    size: gl.getUniformLocation(program, "size"),
  };
}

function fill(
  gl: WebGL2RenderingContext,
  target: GLenum,
  buffer: WebGLBuffer,
  values: Float32Array | Uint32Array | Uint8Array,
): void {
  gl.bindBuffer(target, buffer);
  gl.bufferData(target, values, gl.STATIC_DRAW);
}
