/* What page.py has written into the page as data. */

const CONTENT = await unpacked(document.getElementById("data").textContent);
export const NETS = CONTENT.nets; // each with its samples
export const CODE = CONTENT.code; // lines of simplenet/net.py, with the marks of the Sweep's steps
export const SCENES = CONTENT.scenes; // the drawing of each net's machine
export const OUTLINES = CONTENT.outlines; // of parts of them: each as the `d` of a path

/* Read packed data: a line of JSON, then bytes; it has where some begin, and how many they are. */
async function unpacked(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i); // ten times as quick as `from`
  if (typeof DecompressionStream === "undefined")
    document.body.prepend("The machine needs a newer browser; the text below needs none.");
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const all = new Uint8Array(await new Response(stream).arrayBuffer());
  const end = all.indexOf(10); // of the line
  return JSON.parse(new TextDecoder().decode(all.subarray(0, end)), (name, value) =>
    name === "bytes" ? all.slice(end + 1 + value[0], end + 1 + value[0] + value[1]) : value,
  );
}
