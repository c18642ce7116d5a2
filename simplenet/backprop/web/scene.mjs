/* The drawing of a machine: scene.py once more, which says what the words mean.

   page.py has written it as data: bodies with how they follow the values, and shapes on them.
   Tests run it in Node against the Python.
*/

/* Return how far something has gone, given the values. */
function way(ways, at) {
  let total = 0;
  for (const name in ways) total += ways[name] * (at[name] ?? 0);
  return total;
}

/* Return how far a body stands moved right, down, and turned clockwise, in degrees. */
export function pose({ x, y, turn, tilt }, at) {
  const tilted = tilt ? (Math.atan(at[tilt] ?? 0) * 180) / Math.PI : 0;
  return [way(x, at), way(y, at), way(turn, at) - tilted];
}

const hundredth = (v) => Math.round(v * 100) / 100;

/* Return the same as SVG has it. */
export function transform(body, at) {
  const [x, y, angle] = pose(body, at);
  const moved = body.x || body.y ? `translate(${hundredth(x)} ${hundredth(y)})` : "";
  return body.at ? `${moved}rotate(${hundredth(angle)} ${body.at[0]} ${body.at[1]})` : moved;
}

/* Return a band as the `d` of an SVG path, and so how it runs now. */
export function bandPath([, [startX, startY], runs, end], at) {
  let d = `M${startX} ${startY}`;
  for (const [x, width, base, over, ways, r] of runs) {
    const y = base + way(ways, at);
    const bend = `A${r} ${r} 0 0 ${over} `;
    const level = hundredth(over ? y - r : y + r);
    d += `V${hundredth(y)}${bend}${hundredth(x + r)} ${level}`;
    d += `H${hundredth(x + width - r)}${bend}${hundredth(x + width)} ${hundredth(y)}`;
  }
  return `${d}V${end}`;
}

/* Return the groove of a cost's plate: how high its follower is where a − y is so much. */
export function groovePath([x, y, along, up], profile, reach) {
  const points = [];
  for (let step = 0; step <= 40; step++) {
    const error = reach * (step / 20 - 1);
    points.push(`${hundredth(x + along * error)} ${hundredth(y - up * profile(error))}`);
  }
  return `M${points.join("L")}`;
}

