// Ranges of time on a chart: what was lost on the way, and what is chosen.
import type uPlot from "uplot";
import { color } from "./theme";

/** A range of the x axis. A lost one is hatched: values of that time exist or existed, and are not shown. */
export interface Mark {
  from: number;
  to: number;
  kind: "lost" | "chosen";
  text?: string;
}

const HATCH = 8;

/** A hook of uPlot: under the traces. */
export function drawMarks(plot: uPlot, marks: Mark[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const mark of marks) {
    const left = plot.valToPos(mark.from, "x", true);
    const width = Math.max(plot.valToPos(mark.to, "x", true) - left, 2);
    ctx.fillStyle = color(mark.kind === "lost" ? "--bad-ground" : "--sunk");
    ctx.fillRect(left, bbox.top, width, bbox.height);
    if (mark.kind === "lost") hatch(ctx, left, bbox.top, width, bbox.height);
    if (mark.text && width > 40) {
      ctx.fillStyle = color("--bad");
      ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
      ctx.textAlign = "left";
      ctx.textBaseline = "top";
      ctx.fillText(mark.text, left + 4, bbox.top + 4, width - 8);
    }
  }
  ctx.restore();
}

function hatch(ctx: CanvasRenderingContext2D, left: number, top: number, width: number, height: number): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.strokeStyle = color("--bad");
  ctx.globalAlpha = 0.5;
  ctx.beginPath();
  for (let x = left - height; x < left + width; x += HATCH * devicePixelRatio) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
  ctx.restore();
}
