/* A network of the page with its samples: their numbers, names, and which to begin with. */

import { isOneHot, strongest, sum } from "./arrays.mjs";
import { ACTIVATIONS, costOf, forward, netAround } from "./network.mjs";
import { decode, decodeParts } from "./packed.mjs";
import { layers } from "./names.mjs";

/* Read the numbers of a net when it is first shown: a large one takes a moment. */
export function readNet(shown) {
  if (shown.net) return;
  shown.net = netAround(shown, decodeParts(shown.params));
  shown.inputs = decode(shown.x.bytes, shown.x.format).map((v) => v / shown.scale);
  shown.targets = decode(shown.y.bytes, shown.y.format);
}

export const sampleCount = ({ net, targets }) => targets.length / net.shape[layers(net)];

export function sampleOf(shown, i) {
  const cut = (values, size) => values.slice(i * size, (i + 1) * size);
  const { shape } = shown.net;
  return { x: cut(shown.inputs, shape[0]), y: cut(shown.targets, shape[shape.length - 1]) };
}

/* Return the index of the sample with the strongest dC/dz at the output: most is to be seen there.

   It need not be the one with the largest C: where outputs are saturated, hardly anything turns.
*/
export function strongestSample(shown) {
  const { net } = shown;
  const { slope } = ACTIVATIONS[net.activations[layers(net) - 1]];
  const sizes = Array.from({ length: sampleCount(shown) }, (_, i) => {
    const { x, y } = sampleOf(shown, i);
    const a = forward(net, x).a[layers(net)];
    const dc_da = costOf(net).slope(a, y);
    const slopes = costOf(net).atZ ? a.map(() => 1) : slope(a);
    return sum(dc_da.map((v, j) => Math.abs(v * slopes[j])));
  });
  return strongest(sizes);
}

/* What an output stands for: its number, unless its class has a name. */
export const className = ({ classes }, j) => classes[j] ?? String(j);

export function sampleName(shown, i) {
  const { y } = sampleOf(shown, i);
  return (
    `${i + 1}` +
    (isOneHot(y) && y.length > 1 ? `: class ${className(shown, y.indexOf(1))}` : "") +
    (shown.captions.length ? `, ${shown.captions[i]}` : "")
  );
}
