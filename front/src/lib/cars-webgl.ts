// The cars, drawn by the graphics card as points of one layer of the map.
import type { Map as Chart } from "maplibre-gl";
import type { CarsDrawing } from "./cars";

const VERTEX = `#version 300 es
in ivec2 a_from;
in ivec2 a_to;
in uint a_state;
uniform vec2 u_scale;
uniform ivec2 u_middle;
uniform float u_passed;
uniform float u_pixels;
uniform vec3 u_colors[4];
flat out vec3 v_color;
void main() {
  if ((a_state & 128u) != 0u) { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); gl_PointSize = 1.0; return; }
  vec2 place = vec2(a_from - u_middle) + vec2(a_to - a_from) * u_passed;
  gl_Position = vec4(place * u_scale, 0.0, 1.0);
  gl_PointSize = u_pixels;
  v_color = u_colors[a_state & 3u];
}`;

// Small points are plain squares: nobody sees their corners, and there are many of them.
const FRAGMENT = `#version 300 es
precision highp float;
flat in vec3 v_color;
uniform float u_pixels;
uniform vec3 u_rim;
uniform bool u_ring;
out vec4 color;
void main() {
  if (u_pixels < 4.5) { color = vec4(v_color, 1.0) * 0.85; return; }
  vec2 at = gl_PointCoord * 2.0 - 1.0;
  float edge = 2.0 / u_pixels;
  float r = length(at);
  float inside = 1.0 - smoothstep(1.0 - edge, 1.0, r);
  if (u_ring) {
    float inner = 1.0 - 6.0 / u_pixels;
    color = vec4(v_color, 1.0) * inside * smoothstep(inner - edge, inner, r);
    return;
  }
  color = vec4(mix(v_color, u_rim, smoothstep(1.0 - 2.0 * edge, 1.0 - edge, r)), 1.0) * inside;
}`;

/** Draws with WebGL, as part of each frame of the map. */
export function onGraphicsCard(map: Chart, draw: () => void): CarsDrawing {
  let made: Program | undefined;
  let given: Given | undefined;
  let isStale = true;
  map.addLayer({
    id: "cars",
    type: "custom",
    onAdd(_map, gl) {
      made = program(gl as WebGL2RenderingContext);
      isStale = true;
    },
    onRemove() {
      made?.free();
      made = undefined;
    },
    render: draw,
  });
  return {
    set(...arrays) {
      given = arrays;
      isStale = true;
    },
    again() {
      map.triggerRepaint();
    },
    frame(view, passed, look, rings, width) {
      if (!made || !given) return;
      if (isStale) made.upload(...given);
      isStale = false;
      const { gl, places, arrays } = made;
      gl.useProgram(made.program);
      gl.bindVertexArray(arrays);
      gl.uniform2f(places.scale, (2 * view.x) / view.width, (-2 * view.y) / view.height);
      gl.uniform2i(places.middle, view.east, view.south);
      gl.uniform1f(places.passed, passed);
      gl.uniform3fv(places.colors, look.colors);
      gl.uniform3f(places.rim, ...look.rim);
      const points = (first: number, count: number, pixels: number, ring: boolean): void => {
        gl.uniform1f(places.pixels, pixels);
        gl.uniform1i(places.ring, ring ? 1 : 0);
        gl.drawArrays(gl.POINTS, first, count);
      };
      points(0, given[3], width, false);
      for (const { car, pixels } of rings) points(car, 1, pixels, true);
      gl.bindVertexArray(null);
    },
  };
}

type Given = Parameters<CarsDrawing["set"]>;
type Program = ReturnType<typeof program>;

function program(gl: WebGL2RenderingContext) {
  const made = link(gl);
  const uniform = (name: string): WebGLUniformLocation => gl.getUniformLocation(made, name)!;
  const places = {
    scale: uniform("u_scale"), middle: uniform("u_middle"), passed: uniform("u_passed"), pixels: uniform("u_pixels"),
    colors: uniform("u_colors"), rim: uniform("u_rim"), ring: uniform("u_ring"),
  };
  const arrays = gl.createVertexArray()!;
  gl.bindVertexArray(arrays);
  const [from, to, state] = [buffer("a_from", 2, gl.INT), buffer("a_to", 2, gl.INT), buffer("a_state", 1, gl.UNSIGNED_BYTE)];
  gl.bindVertexArray(null);
  let room = 0;

  function buffer(name: string, parts: number, kind: number): WebGLBuffer {
    const created = gl.createBuffer()!;
    const place = gl.getAttribLocation(made, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, created);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribIPointer(place, parts, kind, 0, 0);
    return created;
  }

  return {
    gl,
    program: made,
    places,
    arrays,
    upload(...[cars, goals, states, size]: Given): void {
      for (const [target, data, parts] of [[from, cars, 2], [to, goals, 2], [state, states, 1]] as const) {
        gl.bindBuffer(gl.ARRAY_BUFFER, target);
        if (states.length > room) gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
        else gl.bufferSubData(gl.ARRAY_BUFFER, 0, data, 0, parts * size);
      }
      room = Math.max(room, states.length);
    },
    free(): void {
      for (const one of [from, to, state]) gl.deleteBuffer(one);
      gl.deleteVertexArray(arrays);
      gl.deleteProgram(made);
    },
  };
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const made = gl.createProgram()!;
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(`the cars cannot be drawn: ${gl.getProgramInfoLog(made)}`);
  return made;
}
