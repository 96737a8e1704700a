// What test_report.py asks of a page in the browser. Every function gives a list of complaints.
"use strict";

// The pieces of text that can be seen: where, and in which element. What a scrolling box hides is not there.
function visibleTexts() {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("title, .skip") || !element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      const seen = clip(rect, element);
      if (seen) found.push({text: node.data.trim(), element, ...seen});
    }
  }
  return found;
}

function clip(rect, element) {
  let {left, right, top, bottom} = rect;
  for (let at = element; at && at !== document.body; at = at.parentElement) {
    if (at instanceof SVGElement || getComputedStyle(at).overflowX === "visible") continue;
    const box = at.getBoundingClientRect();
    left = Math.max(left, box.left), right = Math.min(right, box.right), top = Math.max(top, box.top), bottom = Math.min(bottom, box.bottom);
  }
  return right - left > 1 && bottom - top > 1 ? {left, right, top, bottom} : null;
}

function openAll() {
  for (const one of document.querySelectorAll("details")) one.open = true;
}

function overlaps() {
  const texts = visibleTexts().sort((a, b) => a.top - b.top), bad = [];
  texts.forEach((a, i) => {
    for (let j = i + 1; j < texts.length && texts[j].top < a.bottom; j++) {
      const b = texts[j], wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top), least = Math.min(a.bottom - a.top, b.bottom - b.top);
      if (wide > 1.5 && high > 0.35 * least) bad.push(`"${a.text.slice(0, 40)}" and "${b.text.slice(0, 40)}" at ${Math.round(a.left)}, ${Math.round(a.top)}`);
    }
  });
  return bad;
}

function leaves(box, outer) {
  return box.left < outer.left - 1 || box.right > outer.right + 1 || box.top < outer.top - 1 || box.bottom > outer.bottom + 1;
}

function overflows() {
  const width = document.documentElement.clientWidth, bad = [];
  if (document.documentElement.scrollWidth > width) bad.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${width}`);
  for (const text of document.querySelectorAll("svg text"))
    if (leaves(text.getBoundingClientRect(), text.closest("svg").getBoundingClientRect())) bad.push(`"${text.textContent.slice(0, 40)}" leaves its chart`);
  for (const {text, element, left, right} of visibleTexts()) {
    if (left < -1 || right > width + 1) bad.push(`"${text.slice(0, 40)}" leaves the window`);
    const box = element.closest("article, figure, td, th, p, li");
    if (box && !(element instanceof SVGElement) && right > box.getBoundingClientRect().right + 1.5) bad.push(`"${text.slice(0, 40)}" leaves its box`);
  }
  if (matchMedia("print").matches) // nobody can scroll paper
    for (const one of document.querySelectorAll("div, ul, figure"))
      if (getComputedStyle(one).overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1) bad.push(`"${one.innerText.slice(0, 40)}" is cut off on paper`);
  return bad;
}

// ---- colours ------------------------------------------------------------------------------------------------------

const dot = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d", {willReadFrequently: true});

// Red, green, blue from 0 to 255 and alpha from 0 to 1, of any colour that CSS has.
function channels(colour) {
  dot.clearRect(0, 0, 1, 1);
  dot.fillStyle = colour;
  dot.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = dot.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}

function lay(over, under, opacity) {
  const alpha = over[3] * opacity;
  return [0, 1, 2].map(i => over[i] * alpha + under[i] * (1 - alpha)).concat(1);
}

function luminance(colour) {
  const [r, g, b] = colour.map(c => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function paint(element) {
  const style = getComputedStyle(element), drawn = element instanceof SVGElement && !(element instanceof SVGSVGElement);
  if (!drawn) return [channels(style.backgroundColor), Number(style.opacity)];
  if (style.fill === "none" || element instanceof SVGGElement) return [[0, 0, 0, 0], 1];
  return [channels(style.fill), Number(style.fillOpacity) * Number(style.opacity)];
}

// Of every piece of text, what is painted under its middle, from the ground up.
function contrasts(least) {
  const all = document.createElement("style"), bad = new Map();
  all.textContent = "* { pointer-events: auto !important }";
  document.head.append(all);
  const ground = channels(getComputedStyle(document.documentElement).backgroundColor);
  for (const text of visibleTexts()) {
    const at = document.elementsFromPoint((text.left + text.right) / 2, (text.top + text.bottom) / 2);
    const under = at.filter(one => !(one instanceof SVGTextContentElement));
    let colour = ground[3] > 0 ? ground : channels(matchMedia("(prefers-color-scheme: dark)").matches ? "#121212" : "#fff");
    for (const one of under.reverse()) colour = lay(paint(one)[0], colour, paint(one)[1]);
    const style = getComputedStyle(text.element), own = channels(text.element instanceof SVGElement ? style.fill : style.color);
    const ink = lay(own, colour, Number(style.opacity) * (text.element instanceof SVGElement ? Number(style.fillOpacity) : 1));
    const [light, dark] = [luminance(ink), luminance(colour)].sort((a, b) => b - a), ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < least) bad.set(`${text.element.tagName}.${text.element.getAttribute("class")} ${ink.slice(0, 3).map(Math.round)} on ${colour.slice(0, 3).map(Math.round)}`, `${ratio.toFixed(2)}: "${text.text.slice(0, 40)}"`);
  }
  all.remove();
  return [...bad].map(pair => pair.join(" "));
}

// ---- charts -------------------------------------------------------------------------------------------------------

function charts() {
  const told = [];
  for (const svg of document.querySelectorAll("svg[role=img]")) {
    const box = svg.getBoundingClientRect(), marks = [...svg.querySelectorAll("path, rect, circle, line, polyline")];
    const drawn = marks.filter(mark => { const b = mark.getBoundingClientRect(); return b.width + b.height > 0; });
    told.push({title: document.getElementById(svg.getAttribute("aria-labelledby"))?.textContent || "", section: svg.closest("section").id, width: box.width,
               height: box.height, marks: marks.length, drawn: drawn.length, hills: svg.querySelectorAll(".hill").length,
               points: [...svg.querySelectorAll(".points")].reduce((n, path) => n + path.getAttribute("d").split("M").length - 1, 0),
               cells: svg.querySelectorAll("rect").length, tables: svg.closest("section").querySelectorAll("table").length});
  }
  return told;
}

function headings() {
  return [...document.querySelectorAll("h1, h2, h3, h4")].map(one => [Number(one.tagName[1]), one.textContent.trim()]);
}
