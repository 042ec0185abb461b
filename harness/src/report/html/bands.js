// The lives of entities on a timeline: a band of statuses, and marks for what happened.

function drawBands(p) {
  const { c, at, colours, history } = p;
  for (const { entity, y, h } of at.bands) {
    const order = (p.statuses[entity.of] || {}).statuses || [];
    entity.statuses.forEach(([us, name, seq], i) => {
      const until = i + 1 < entity.statuses.length ? entity.statuses[i + 1][0] : history.end;
      const [a, b] = [Math.max(p.x(us), at.gutter), Math.min(p.x(until), at.width)];
      if (b < at.gutter || a > at.width) return;
      p.drawn += 1;
      const n = order.indexOf(name);
      c.fillStyle = colours[`s${(n < 0 ? order.length : n) % 8}`];
      c.fillRect(a, y + 2, Math.max(1.5, b - a - 1), h - 4);
      const words = p.fit(name, b - a - 8);
      if (words) p.text(words, a + 4, y + h / 2, colours.text, { size: p.font * 0.95 });
      p.hits.push({ seq, x0: a, x1: Math.max(b, a + 4), y0: y, y1: y + h, near: 2 });
    });
    entity.happened.forEach(([us, name, seq], i) => {
      const x = p.x(us);
      if (x < at.gutter || x > at.width) return;
      p.drawn += 1;
      c.fillStyle = colours.text;
      c.beginPath();
      c.moveTo(x - 4, y + 1);
      c.lineTo(x + 4, y + 1);
      c.lineTo(x, y + 8);
      c.fill();
      p.hits.push({ seq, x0: x - 5, x1: x + 5, y0: y, y1: y + h, near: 0 });
    });
  }
}
