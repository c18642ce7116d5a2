/* Write numbers as people read them. */

export const digits = (v, n = 6) => {
  if (v === 0) return "0";
  const size = Math.abs(v);
  const text = size >= 1e-4 && size < 1e6 ? size.toPrecision(n) : size.toExponential(n - 1);
  return (v < 0 ? "−" : "") + text.replace("e-", "e−");
};
export const signed = (v, n = 6) => (v > 0 ? "+" : "") + digits(v, n);
export const short = (v) => String(+v.toPrecision(4)).replace("-", "−");
export const integer = (n) => n.toLocaleString("en");

/* A number that was given, not computed: as it is, if that is not longer. */
export const given = (v) => (+v.toPrecision(6) === v ? String(v).replace(/-/g, "−") : digits(v));
/* A factor of a product, in brackets if it is negative. */
export const factor = (v, text = given(v)) => (v < 0 ? `(${text})` : text);

/* A further term of a sum, or the first: its sign stands apart from it. */
export const further = (v, text = given(v)) => `${v < 0 ? "−" : "+"} ${text.replace(/^−/, "")}`;
export const asSum = (terms) => terms.join(" ").replace(/^\+ /, "").replace(/^− /, "−");

const SUPERSCRIPTS = {
  "-": "⁻",
  0: "⁰",
  1: "¹",
  2: "²",
  3: "³",
  4: "⁴",
  5: "⁵",
  6: "⁶",
  7: "⁷",
  8: "⁸",
  9: "⁹",
};
export const raised = (n) => String(n).replace(/./g, (c) => SUPERSCRIPTS[c]);

/* An index below the line, such as that of W₋₁. */
export const lowered = (n) => String(n).replace(/./g, (c) => (c === "-" ? "₋" : "₀₁₂₃₄₅₆₇₈₉"[c]));
