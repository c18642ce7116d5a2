/* What page.py has written into the page as data: JSON, packed, as base64. */

const CONTENT = await unpacked(document.getElementById("data").textContent);
export const NETS = CONTENT.nets; // each with its samples
export const CODE = CONTENT.code; // lines of simplenet/net.py, with the marks of the Sweep's steps
export const SCENES = CONTENT.scenes; // the drawing of each net's machine
export const OUTLINES = CONTENT.outlines; // of parts of them: each as the `d` of a path

async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  if (typeof DecompressionStream === "undefined")
    document.body.prepend("The machine needs a newer browser; the text below needs none.");
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}
