// What is pointed out on a timeline: the proof of a violation, and what is chosen.

/** What proves the violation, and the moment that would have been right. */
function drawProof(p) {
  const { c, at, colours, finding } = p;
  if (!finding) return;
  const marks = finding.proof.map((proof, i) => ({ us: proof.us, seq: proof.seq, words: String(i + 1), colour: colours.violated }));
  const end = finding.late_us ?? (finding.proof.length ? finding.proof[finding.proof.length - 1].us : null);
  if (finding.late_us !== null) marks.push({ us: finding.late_us, words: "✗ time ran out", colour: colours.violated });
  else if (marks.length) marks[marks.length - 1].words = marks.length > 1 ? `${marks.length} ✗ broke` : "✗ broke";
  if (finding.right && end !== null) {
    const [a, b] = [p.x(end), p.x(finding.right.us)];
    c.fillStyle = colours["violated-tint"];
    c.fillRect(a, at.axis.y + at.axis.h, b - a, at.height);
    marks.push({ us: finding.right.us, seq: finding.right.seq, words: `✓ would have been right (${time(finding.right.us - end)} later)`, brief: "✓ right", colour: colours.held, dashed: true });
  }
  let taken = -Infinity;
  marks.sort((one, other) => one.us - other.us);
  for (const { us, seq, words: long, brief, colour, dashed } of marks) {
    const x = Math.round(p.x(us)) + 0.5;
    if (x < at.gutter - 1 || x > at.width + 1) continue;
    p.drawn += 1;
    c.strokeStyle = colour;
    c.lineWidth = 2;
    c.setLineDash(dashed ? [6, 4] : []);
    c.beginPath();
    c.moveTo(x, at.flags.y + at.flags.h);
    c.lineTo(x, at.height - 6);
    c.stroke();
    c.setLineDash([]);
    c.font = `600 ${p.font}px system-ui, sans-serif`;
    const wide = c.measureText(long).width + 10;
    const words = brief && Math.max(taken + 2, x - 5) + wide > at.width ? brief : long;
    const width = c.measureText(words).width + 10;
    const left = Math.max(at.gutter, taken + 2, Math.min(x - 5, at.width - width));
    taken = left + width;
    c.fillStyle = colour;
    c.fillRect(left, at.flags.y + 2, width, at.flags.h - 3);
    p.text(words, left + 5, at.flags.mid, colours.bg, { bold: true });
    if (seq !== undefined) p.hits.push({ seq, x0: left, x1: left + width, y0: at.flags.y, y1: at.flags.y + at.flags.h, near: 0 });
  }
}

/** Marks what is chosen, and what the pointer is at, on the drawing. */
function drawChosen(p, c, selected, hover) {
  const { at, colours } = p;
  for (const [seq, dash] of [[hover, [3, 3]], [selected, []]]) {
    const event = seq === null ? null : p.history.bySeq.get(seq);
    if (!event) continue;
    const x = p.x(event.us);
    if (x < at.gutter || x > at.width) continue;
    c.strokeStyle = colours.accent;
    c.lineWidth = 1.5;
    c.setLineDash(dash);
    c.beginPath();
    c.moveTo(x, at.axis.y + at.axis.h * 0.7);
    c.lineTo(x, at.height - 6);
    c.stroke();
    const call = event.call;
    const lane = call && at.lanes.get(call.to);
    if (lane && call.slot !== undefined) {
      const height = (lane.h - at.unit * 0.5) / SLOTS;
      const y = lane.y + at.unit * 0.25 + call.slot * height;
      c.lineWidth = 2;
      c.strokeRect(p.x(call.begin) - 3, y - 3, Math.max(3, (call.done - call.begin) * p.scale) + 6, height + 4);
    }
    c.setLineDash([]);
  }
}
