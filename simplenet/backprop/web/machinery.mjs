/* The parts of a machine as mechanism.py has them, for the figures within the text. */

const sigmoid = (z) => 1 / (1 + Math.exp(-z));

/* Return where everything stands, from where cranks and held rods do. */
export function standsAt(parts, set) {
  const at = { ...set };
  for (const [kind, inputs, output] of parts) at[output] = stands(kind, inputs.map((name) => at[name]));
  return at;
}

function stands(kind, inputs) {
  if (kind === "le") return inputs[0] * inputs[1];
  if (kind === "ba") return inputs.reduce((total, each) => total + each, 0);
  if (kind === "ca") return sigmoid(inputs[0]);
  return (inputs[0] - inputs[1]) ** 2 / 2;
}

/* Return what is felt with a weight of 1 on C, at each value and, at a fork, through each part. */
export function feeling(parts, at) {
  const felt = { C: 1 };
  for (const [kind, inputs, output, name] of [...parts].reverse()) {
    const back = backwards(kind, inputs.map((input) => at[input]), at[output], felt[output] ?? 0);
    for (const [i, input] of inputs.entries()) {
      felt[input] = (felt[input] ?? 0) + back[i];
      felt[`${name} ${input}`] = back[i];
    }
  }
  return felt;
}

function backwards(kind, inputs, output, g) {
  if (kind === "le") return [inputs[1] * g, inputs[0] * g];
  if (kind === "ba") return inputs.map(() => g);
  if (kind === "ca") return [output * (1 - output) * g];
  const error = inputs[0] - inputs[1];
  return [error * g, -error * g];
}

/* Return an arrow that pulls down for a gradient above 0. */
export function pullPath(x, y, gradient, scale) {
  const tip = gradient * scale;
  const sense = tip > 0 ? 1 : -1;
  const size = Math.min(16, 5 + Math.abs(tip) * 0.7);
  const [neck, back] = [tip - sense * Math.min(size * 0.72, Math.abs(tip)), tip - sense * size];
  const half = [[2.5, 0], [2.5, neck], [size * 0.48, back], [0, tip]];
  const points = half.map(([u, v]) => [-u, v]).concat([...half].reverse().slice(1));
  return `M${points.map(([u, v]) => `${x + u} ${y + v}`).join("L")}Z`;
}
