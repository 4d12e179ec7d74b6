// The cars, drawn by the main thread into one texture: for browsers that have no graphics card to draw with. There each
// point costs microseconds, and setting its pixels here a fourteenth of that.
import type { CarsDrawing, CarsLook } from "./cars-layer";
import { link } from "./cars-shader";

const VERTEX = `#version 300 es
out vec2 v_at;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  v_at = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec2 v_at;
uniform sampler2D u_cars;
out vec4 color;
void main() { color = texture(u_cars, v_at); }`;

/** Around the picture, so that a car at its edge needs no care. */
const MARGIN = 32;
const HIDDEN = 128;
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Whether the processor does a graphics card's work. */
export function isSoftware(gl: WebGL2RenderingContext): boolean {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  return SOFTWARE.test(String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER)));
}

/** Draws as `program` of cars-shader.ts does, for maps that look straight down with north up. */
export function raster(gl: WebGL2RenderingContext): CarsDrawing {
  const made = link(gl, VERTEX, FRAGMENT);
  const arrays = gl.createVertexArray()!;
  let texture: WebGLTexture | null = null;
  let [width, height, stride] = [0, 0, 0];
  let pixels = new Uint32Array(0);
  let from = new Int32Array(0);
  let to = from;
  let state = new Uint8Array(0);
  let colors = new Uint32Array(4);
  let rim = 0;
  let passed = 1;
  let [east, south, scaleX, scaleY, middleX, middleY] = [0, 0, 0, 0, 0, 0];

  function resize(): void {
    if (width === gl.drawingBufferWidth && height === gl.drawingBufferHeight) return;
    [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    stride = width + 2 * MARGIN;
    pixels = new Uint32Array(stride * (height + 2 * MARGIN));
    gl.deleteTexture(texture);
    texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, width, height);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  return {
    upload(cars, goals, states) {
      [from, to, state] = [cars as Int32Array<ArrayBuffer>, goals as Int32Array<ArrayBuffer>, states as Uint8Array<ArrayBuffer>];
    },
    begin(matrix, origin, part, look: CarsLook) {
      resize();
      pixels.fill(0);
      [east, south] = origin;
      passed = part;
      [scaleX, scaleY] = [((matrix[0]! / matrix[15]!) * width) / 2, ((-matrix[5]! / matrix[15]!) * height) / 2];
      middleX = (0.5 + matrix[12]! / matrix[15]! / 2) * width + MARGIN;
      middleY = (0.5 - matrix[13]! / matrix[15]! / 2) * height + MARGIN;
      colors = Uint32Array.from([0, 1, 2, 3], (status) => packed(look.colors.subarray(3 * status, 3 * status + 3)));
      rim = packed(look.rim);
    },
    points(first, count, size, ring) {
      const stamp = disc(size, ring, stride);
      const [right, bottom] = [width + 2 * MARGIN - MARGIN / 2, height + 2 * MARGIN - MARGIN / 2];
      for (let car = first; car < first + count; car++) {
        const status = state[car]!;
        if (status & HIDDEN) continue;
        const fromX = from[2 * car]!;
        const fromY = from[2 * car + 1]!;
        const x = (middleX + (((fromX - east) | 0) + ((to[2 * car]! - fromX) | 0) * passed) * scaleX) | 0;
        const y = (middleY + (((fromY - south) | 0) + ((to[2 * car + 1]! - fromY) | 0) * passed) * scaleY) | 0;
        if (x < MARGIN / 2 || y < MARGIN / 2 || x >= right || y >= bottom) continue;
        const middle = y * stride + x;
        const color = colors[status & 3]!;
        for (let at = 0; at < stamp.inside.length; at++) pixels[middle + stamp.inside[at]!] = color;
        for (let at = 0; at < stamp.rim.length; at++) pixels[middle + stamp.rim[at]!] = rim;
      }
    },
    end() {
      gl.useProgram(made);
      gl.bindVertexArray(arrays);
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
      gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
      gl.pixelStorei(gl.UNPACK_ROW_LENGTH, stride);
      const bytes = new Uint8Array(pixels.buffer, 4 * (MARGIN * stride + MARGIN));
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
      gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
      gl.bindVertexArray(null);
    },
    free() {
      gl.deleteTexture(texture);
      gl.deleteVertexArray(arrays);
      gl.deleteProgram(made);
    },
  };
}

/** Red, green and blue of 0 to 1 as a pixel that covers. */
function packed(parts: ArrayLike<number>): number {
  const byte = (part: number): number => Math.round(255 * parts[part]!);
  return (0xff000000 | (byte(2) << 16) | (byte(1) << 8) | byte(0)) >>> 0;
}

/** Which pixels, relative to its middle, a car of that size covers; a small one is a square. */
function disc(size: number, ring: boolean, stride: number): { inside: Int32Array; rim: Int32Array } {
  const inside: number[] = [];
  const rim: number[] = [];
  const whole = Math.max(Math.round(size), 1);
  const radius = whole / 2;
  for (let row = 0; row < whole; row++) {
    for (let column = 0; column < whole; column++) {
      const [x, y] = [column + 0.5 - radius, row + 0.5 - radius];
      const distance = Math.hypot(x, y);
      const at = (row - (whole >> 1)) * stride + column - (whole >> 1);
      if (whole < 5) inside.push(at);
      else if (distance > radius) continue;
      else if (ring) { if (distance > radius - 3) inside.push(at); }
      else (distance > radius - 1 ? rim : inside).push(at);
    }
  }
  return { inside: Int32Array.from(inside), rim: Int32Array.from(rim) };
}
