// A canvas over a map, for what is drawn without drawing the map again.
import type { Map as Chart } from "maplibre-gl";
import { STEP_X, STEP_Y, stepsEast, stepsSouth } from "./mercator";

/** The part of the world that a map shows: its middle in steps (mercator.ts), and how many pixels of the device a step takes. */
export interface View {
  east: number;
  south: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** For maps that look straight down with north up. */
export function viewOf(map: Chart): View {
  const { lng, lat } = map.getCenter();
  const { width, height } = map.getCanvas();
  const world = 512 * 2 ** map.getZoom() * map.getPixelRatio();
  return { east: stepsEast(lng), south: stepsSouth(lat), x: world * STEP_X, y: world * STEP_Y, width, height };
}

/** As large as the map, under its controls; the pointer goes through it. */
export function overlay(map: Chart, settings?: CanvasRenderingContext2DSettings): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.className = "overlay";
  map.getCanvasContainer().append(canvas);
  const resize = (): void => {
    ({ width: canvas.width, height: canvas.height } = map.getCanvas());
  };
  map.on("resize", resize);
  resize();
  return canvas.getContext("2d", settings)!;
}
