// Faults on a timeline: shaded where they are active, and a row for each with every time that it struck.

/** Where faults are active: shaded on the lanes that they are between. */
function drawShades(p) {
  const { c, at, colours } = p;
  const lanes = [...at.lanes.values()];
  if (!lanes.length) return;
  for (const [n, fault] of p.history.faults.entries()) {
    if (!fault) continue;
    const named = ((p.run.faults[n] || {}).services || []).map((name) => at.lanes.get(name)).filter(Boolean);
    const between = named.length ? named : lanes;
    const top = Math.min(...between.map((lane) => lane.y));
    const bottom = Math.max(...between.map((lane) => lane.y + lane.h));
    for (const { from, to } of fault.active) {
      const [a, b] = [p.x(from), Math.max(p.x(to), p.x(from) + 2)];
      if (b < at.gutter || a > at.width) continue;
      p.drawn += 1;
      c.fillStyle = colours["fault-tint"];
      c.fillRect(a, top, b - a, bottom - top);
      hatch(p, a, top, b - a, bottom - top);
    }
  }
}

/** Slanted lines, so that a shade is not known by its colour alone. */
function hatch(p, x, y, w, h) {
  const { c, at, colours } = p;
  const [a, b] = [Math.max(x, at.gutter), Math.min(x + w, at.width)];
  if (b - a < 4) return;
  c.save();
  c.beginPath();
  c.rect(a, y, b - a, h);
  c.clip();
  c.strokeStyle = colours["fault-tint"];
  c.lineWidth = 1.5;
  c.beginPath();
  for (let at = a - h; at < b; at += 9) {
    c.moveTo(at, y + h);
    c.lineTo(at + h, y);
  }
  c.stroke();
  c.restore();
}

function drawFaults(p) {
  const { c, at, colours } = p;
  for (const { fault, n, y, h } of at.faults) {
    const until = fault.ended ?? p.history.end;
    const base = y + h - 3;
    if (fault.armed !== null) {
      c.fillStyle = colours.line;
      c.fillRect(p.x(fault.armed), base - 1, Math.max(1, p.x(until) - p.x(fault.armed)), 2);
    }
    c.fillStyle = colours.fault;
    for (const { from, to } of fault.active) c.fillRect(p.x(from), base - 2, Math.max(2, p.x(to) - p.x(from)), 4);
    let before = -Infinity;
    for (const event of fault.moments) {
      const x = p.x(event.us);
      if (event.moment !== "applied" || x < at.gutter || x > at.width || x - before < 4) continue;
      before = x;
      p.drawn += 1;
      p.diamond(x, base, 4, colours.fault);
      p.hits.push({ seq: event.seq, x0: x - 5, x1: x + 5, y0: y, y1: y + h, near: 0 });
    }
    const text = (p.run.faults[n] || {}).text || `fault ${n + 1}`;
    const words = p.fit(`◆ ${text}`, at.width - at.gutter - 12);
    p.text(words, Math.max(at.gutter + 4, Math.min(p.x(fault.armed ?? 0) + 4, at.width - p.c.measureText(words).width - 8)), y + h * 0.38, colours.fault, { size: p.font * 0.92 });
  }
}
