/* Read the numbers that page.py has stored as text. */

/* Read little-endian numbers of 2, 4 or 8 bytes, or bytes, from base64; give a Float64Array. */
export function decode(base64, format) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const data = new DataView(bytes.buffer);
  const [size, read] = {
    uint8: [1, (at) => data.getUint8(at)],
    float16: [2, (at) => half(data.getUint16(at, true))],
    float32: [4, (at) => data.getFloat32(at, true)],
    float64: [8, (at) => data.getFloat64(at, true)],
  }[format];
  return Float64Array.from({ length: bytes.length / size }, (_, i) => read(i * size));
}

/* A float16 is a sign, 5 bits of exponent and 10 of fraction (IEEE 754); ours are all finite. */
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
}
