// Web Mercator as whole numbers: 2^32 steps around the globe in x, 2^31 from pole to pole in y, both around 0. A step is
// 9 mm at most in x and 19 mm in y, and a difference of two places is exact, so nothing jitters however near one looks.

const EAST_STEPS = 2 ** 32;
const SOUTH_STEPS = 2 ** 31;
const HIGHEST_DEGREES = 85.0511287798;

/** What a matrix for Mercator's unit square is scaled by to take steps. */
export const STEP_X = 1 / EAST_STEPS;
export const STEP_Y = 1 / SOUTH_STEPS;

/** Steps east of Greenwich; they wrap around as 32-bit integers do. */
export function stepsEast(longitude: number): number {
  return Math.round((longitude / 360) * EAST_STEPS) | 0;
}

/** Steps south of the equator. */
export function stepsSouth(latitude: number): number {
  const bounded = Math.min(Math.max(latitude, -HIGHEST_DEGREES), HIGHEST_DEGREES);
  const sine = Math.sin((bounded * Math.PI) / 180);
  return Math.round((-Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * SOUTH_STEPS) | 0;
}

export function longitudeOf(east: number): number {
  return (east / EAST_STEPS) * 360;
}

export function latitudeOf(south: number): number {
  return (Math.atan(Math.sinh((-south / SOUTH_STEPS) * 2 * Math.PI)) * 180) / Math.PI;
}
