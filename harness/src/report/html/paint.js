// Draws a timeline: what all of its parts share, and their order from the ground up. Only what is in sight is drawn.

const COLOURS = ["bg", "panel", "line", "text", "dim", "fine", "refused", "wrong", "lost", "fault", "fault-tint", "held", "violated", "violated-tint", "held-tint", "accent",
  "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"];

/** The colours of the page as it looks now. */
function palette() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/** One drawing, with what can be pointed at. */
class Painting {
  constructor(context, { history, calls, layout, view, colours, statuses, finding, run, about }) {
    Object.assign(this, { c: context, about, history, calls, at: layout, view, colours, statuses, finding, run });
    this.scale = (layout.width - layout.gutter) / view.span;
    this.hits = [];
    this.drawn = 0;
    this.labels = 0;
    this.font = layout.unit * 0.75;
  }

  x(us) {
    return this.at.gutter + (us - this.view.from) * this.scale;
  }

  text(words, x, y, colour, { align = "left", bold = false, size = this.font } = {}) {
    this.c.font = `${bold ? "600 " : ""}${size}px system-ui, sans-serif`;
    this.c.textAlign = align;
    this.c.textBaseline = "middle";
    this.c.fillStyle = colour;
    this.c.fillText(words, x, y);
  }

  /** Words that fit into so many pixels; nothing if hardly any do. */
  fit(words, pixels) {
    this.c.font = `${this.font}px system-ui, sans-serif`;
    if (this.c.measureText(words).width <= pixels) return words;
    const count = Math.floor(pixels / (this.font * 0.55)) - 1;
    return count < 3 ? "" : `${words.slice(0, count)}…`;
  }

  /** Everything but what is chosen. */
  ground() {
    const { c, at, colours } = this;
    c.fillStyle = colours.bg;
    c.fillRect(0, 0, at.width, at.height);
    drawLanes(this);
    c.save();
    c.beginPath();
    c.rect(at.gutter, 0, at.width - at.gutter, at.height);
    c.clip();
    drawShades(this);
    drawGrid(this);
    drawPhases(this);
    drawDowntimes(this);
    drawPoints(this);
    drawCalls(this);
    drawBands(this);
    drawFaults(this);
    drawProof(this);
    c.restore();
    drawNames(this);
    return this;
  }

  diamond(x, y, r, colour) {
    const { c } = this;
    c.fillStyle = colour;
    c.beginPath();
    c.moveTo(x, y - r);
    c.lineTo(x + r, y);
    c.lineTo(x, y + r);
    c.lineTo(x - r, y);
    c.fill();
  }
}
