// Finding a moment among ascending times.

/** The last index whose time is not after the moment; -1 where all are. */
export function before(times: ArrayLike<number>, moment: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= moment) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
