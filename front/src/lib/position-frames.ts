// The binary frames of /v1/live/positions (docs/positions.md).

/** What a frame says of the vehicles `index`; arrays of equal length, views into the message. */
export interface Frame {
  full: boolean;
  /** When the twin was asked, milliseconds since 1970 by the server's clock. */
  moment: number;
  vehicles: number;
  index: Uint32Array;
  longitude: Int32Array;
  latitude: Int32Array;
  position: Uint32Array;
  seen: Uint32Array;
  speed: Float32Array;
  charge: Float32Array;
  status: Uint8Array;
}

export const NOWHERE = -(2 ** 31);
const MAGIC = 0x534f504b; // "KPOS", read as a little-endian number
const HEADER_BYTES = 32;
const ENTRY_BYTES = 29;

export function readFrame(message: ArrayBuffer): Frame {
  const head = new DataView(message);
  const count = message.byteLength >= HEADER_BYTES ? head.getUint32(24, true) : 0;
  const whole = message.byteLength === HEADER_BYTES + count * ENTRY_BYTES;
  if (!whole || head.getUint32(0, true) !== MAGIC || head.getUint8(4) !== 1) {
    throw new Error("this page is older than the server, or the frame is damaged: load the page again");
  }
  let at = HEADER_BYTES;
  const next = <T>(make: new (buffer: ArrayBuffer, at: number, count: number) => T): T => {
    const array = new make(message, at, count);
    at += 4 * count;
    return array;
  };
  return {
    full: head.getUint8(5) === 1,
    moment: head.getFloat64(8, true),
    vehicles: head.getUint32(28, true),
    index: next(Uint32Array),
    longitude: next(Int32Array),
    latitude: next(Int32Array),
    position: next(Uint32Array),
    seen: next(Uint32Array),
    speed: next(Float32Array),
    charge: next(Float32Array),
    status: next(Uint8Array),
  };
}
