// The axes of a chart: moments in the person's zone, time since a start, or distance; and units up the side.
import type uPlot from "uplot";
import { numberText } from "./format";
import { color } from "./theme";
import { FAR, unitOf } from "./units";
import { clockText, dayText, elapsedText, minuteText } from "./when";

/** What lies along the x axis: a moment (Unix seconds), seconds since a start, or metres. */
export type Along = "time" | "elapsed" | "distance";

const FONT = '12px system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif';
const DAY_S = 86_400;
const ELAPSED_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, DAY_S];

/** Room above and below; a signal that does not change is a line in the middle. */
export function yRange(_plot: uPlot, least: number | null, most: number | null): uPlot.Range.MinMax {
  if (least === null || most === null) return [0, 1];
  const room = (most - least) * 0.08 || Math.max(Math.abs(most) * 0.1, 0.5);
  return [least - room, most + room];
}

/** The x axis, and one y axis for each of the first two units. */
export function axes(along: Along, symbols: string[]): uPlot.Axis[] {
  const look = { font: FONT, stroke: () => color("--soft"), ticks: { show: false } };
  const grid = { stroke: () => color("--line"), width: 1 };
  return [
    { ...look, grid, space: 70, size: 26, gap: 4, values: X_VALUES[along], ...(along === "elapsed" ? { incrs: ELAPSED_STEPS } : {}) },
    ...symbols.map((symbol, index): uPlot.Axis => ({
      ...look,
      scale: `y${symbol}`,
      side: index ? 1 : 3,
      show: index < 2,
      grid: index ? { show: false } : grid,
      size: 62,
      space: 28,
      gap: 6,
      values: (_plot, splits) => splits.map((value, at) => (at === splits.length - 1 && symbol ? `${plain(value)} ${symbol}` : plain(value))),
    })),
  ];
}

const X_VALUES: Record<Along, uPlot.Axis.DynamicValues> = {
  time: (_plot, splits, _axis, _space, step) =>
    splits.map((at, index) => {
      if (step >= DAY_S) return dayText(at).slice(5);
      if (step < 1) return clockText(at, 1);
      const text = step < 60 ? clockText(at) : minuteText(at);
      return index === 0 || dayText(at) !== dayText(splits[index - 1]!) ? (step < 60 ? text : `${dayText(at).slice(5)} ${text}`) : text;
    }),
  elapsed: (_plot, splits) => splits.map(elapsedText),
  distance: (_plot, splits) => {
    const unit = unitOf(FAR);
    return splits.map((at) => `${numberText(Number((unit.factor * at).toFixed(3)))} ${unit.symbol}`);
  },
};

function plain(value: number): string {
  return Math.abs(value) >= 10_000 ? `${Number((value / 1000).toPrecision(4))}k` : String(Number(value.toPrecision(6)));
}
