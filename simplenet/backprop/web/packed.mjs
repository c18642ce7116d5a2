/* Read the numbers that page.py has stored as bytes. */

/* Read little-endian numbers of 2, 4 or 8 bytes, or bytes; give a Float64Array. */
export function decode(bytes, format) {
  const data = new DataView(bytes.buffer);
  const [size, read] = {
    uint8: [1, (at) => data.getUint8(at)],
    int8: [1, (at) => data.getInt8(at)],
    float16: [2, (at) => half(data.getUint16(at, true))],
    float32: [4, (at) => data.getFloat32(at, true)],
    float64: [8, (at) => data.getFloat64(at, true)],
  }[format];
  return Float64Array.from({ length: bytes.length / size }, (_, i) => read(i * size));
}

/* Read numbers in parts. Where a part has units, its numbers are multiples of them, one after
   another; where it has rows, those are all of its rows, `of` so many, that are not 0. */
export function decodeParts(parts) {
  const numbers = parts.map(({ bytes, format, units, rows, of }) => {
    const read = decode(bytes, format);
    if (!units) return read;
    const width = units.length;
    const all = new Float64Array(rows ? of * width : read.length);
    read.forEach((v, i) => {
      const row = Math.floor(i / width);
      all[(rows ? rows[row] : row) * width + (i % width)] = v * units[i % width];
    });
    return all;
  });
  const all = new Float64Array(numbers.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of numbers) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/* A float16 is a sign, 5 bits of exponent and 10 of fraction (IEEE 754); ours are all finite. */
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
}
