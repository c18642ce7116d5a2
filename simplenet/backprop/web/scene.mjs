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

/* Return where everything is drawn: where it stands, or, beyond its end, there.

   `ends` has the least and the greatest of a value, of some from another value; `slots` how far the pin
   of a lever can go along it: so far its weight is drawn, and the product with it. What has no end
   is held where numbers of a drawing end. */
export function atEnds(at, ends, slots) {
  const drawn = {};
  for (const name in at) if (!ends[name]?.[2]) drawn[name] = within(at[name], ...(ends[name] ?? FAR));
  for (const product in slots) {
    const [w, a, left, right] = slots[product];
    const long = Math.hypot(1, drawn[a]);
    drawn[w] = within(drawn[w], -left / long, right / long);
    drawn[product] = drawn[w] * drawn[a];
  }
  for (const name in ends) {
    const [low, high, from] = ends[name];
    if (from && name in at) drawn[name] = drawn[from] + within(at[name] - at[from], low, high);
  }
  return drawn;
}

const FAR = [-1e4, 1e4];

/* Return a number between two others, whatever it is: also what is no number. */
const within = (v, low, high) => (v > low ? Math.min(v, high) : low);

/* Return the names of what is drawn at its end. */
export function pastEnds(at, drawn) {
  return Object.keys(at).filter((name) => Math.abs(at[name] - drawn[name]) > 0.02 || Number.isNaN(at[name]));
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
    const error = reach * Math.sin(Math.PI * (step / 40 - 0.5)); // more where it may be steep
    points.push(`${hundredth(x + along * error)} ${hundredth(y - up * profile(error))}`);
  }
  return `M${points.join("L")}`;
}

