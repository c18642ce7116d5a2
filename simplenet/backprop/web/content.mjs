/* What page.py has written into the page as data. */

const CONTENT = JSON.parse(document.getElementById("data").textContent);
export const NETS = CONTENT.nets; // each with its samples
export const CODE = CONTENT.code; // lines of simplenet/net.py, with the marks of the Sweep's steps
export const SCENES = CONTENT.scenes; // the drawing of each net's machine
export const OUTLINES = CONTENT.outlines; // of parts of them: each as the `d` of a path
