// A timeline with its tools, the details of what is chosen, and the table of its events.

class Timeline {
  constructor(scenario, run, control, history) {
    const findings = broken(run);
    Object.assign(this, { scenario, run, control, history, findings, finding: findings[0] || null, entity: null, selected: null, hover: null, hits: [] });
    this.keys = `keys-${scenario.id}${control ? "c" : ""}`;
    this.calls = arrange(history.calls);
    this.shown = this.calls;
    this.view = new View(history);
    this.statuses = stackOf(scenario).entities;
    this.canvas = el("canvas", { class: "timeline", tabindex: "0", role: "application", "aria-roledescription": "timeline", "aria-label": this.label(), "aria-describedby": this.keys });
    this.frame = el("div", { class: "frame" }, this.canvas);
    this.details = el("section", { class: "details", tabindex: "-1", "aria-label": "The event in full" });
    this.table = new EventTable(history, run, (seq) => this.choose(seq));
    this.element = el("div", { class: "timeline-block" }, tools(this), this.frame, legend(this),
      el("div", { class: "beside" }, this.table.element, this.details));
    this.emphasise();
    gestures(this.canvas, this);
    new ResizeObserver(() => this.resize()).observe(this.frame);
    this.violation();
    // What broke it is worth reading at once.
    const proof = this.finding ? this.finding.proof[this.finding.proof.length - 1] : null;
    if (proof && history.bySeq.has(proof.seq)) this.table.show((this.selected = proof.seq));
    this.showDetails();
  }

  label() {
    const { history } = this;
    return `Timeline: ${many(history.events.length, "event")} and ${many(history.calls.length, "call")} between ${laneNames(history).join(", ")}.`;
  }

  /** The entities that the explanation speaks of, in its order. */
  first() {
    const of = (finding) => [finding.entity, ...finding.entities.map((id) => `${(finding.entity || "").split(" ")[0]} ${id}`)];
    return [this.finding, ...this.findings].filter(Boolean).flatMap(of);
  }

  resize() {
    const width = Math.floor(this.frame.clientWidth);
    if (!width) return;
    this.width = width;
    this.draw();
  }

  /** Draws with the next frame, once; without `anew`, only what is chosen and pointed at has changed. */
  draw(anew = true) {
    this.stale ||= anew;
    if (this.due || !this.width) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.paint();
    });
  }

  paint() {
    if (!this.width) return;
    if (this.stale) this.paintGround();
    const { canvas, ground, painting } = this;
    if (canvas.width !== ground.width || canvas.height !== ground.height) {
      [canvas.width, canvas.height] = [ground.width, ground.height];
      canvas.style.height = `${this.layout.height}px`;
    }
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(ground, 0, 0);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    drawChosen(painting, context, this.selected, this.hover);
    Object.assign(canvas.dataset, { drawn: painting.drawn, from: Math.round(this.view.from), to: Math.round(this.view.to), selected: this.selected ?? "" });
  }

  /** Everything but what is chosen. */
  paintGround() {
    this.stale = false;
    this.layout = layout(this.history, { width: this.width, entity: this.entity, first: this.first() });
    this.ratio = window.devicePixelRatio || 1;
    this.ground ||= document.createElement("canvas");
    this.ground.width = Math.round(this.width * this.ratio);
    this.ground.height = Math.round(this.layout.height * this.ratio);
    const context = this.ground.getContext("2d", { alpha: false });
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const { history, view, statuses, finding, run, about, layout: at } = this;
    this.painting = new Painting(context, { history, calls: this.shown, layout: at, view, colours: palette(), statuses, finding, run, about }).ground();
    this.hits = this.painting.hits;
  }

  moment(x) {
    const { gutter, width } = this.layout;
    return this.view.from + ((x - gutter) / (width - gutter)) * this.view.span;
  }

  zoom(factor, at) {
    this.view.zoom(factor, at);
    this.draw();
  }

  /** Zooms around what is chosen, if that is in sight, or around the middle. */
  zoomIn(factor) {
    const event = this.history.bySeq.get(this.selected);
    const { from, to } = this.view;
    this.zoom(factor, event && event.us > from && event.us < to ? event.us : (from + to) / 2);
  }

  pan(us) {
    this.view.pan(us);
    this.draw();
  }

  panPixels(pixels) {
    this.pan((pixels / (this.layout.width - this.layout.gutter)) * this.view.span);
  }

  panShare(share) {
    this.pan(share * this.view.span);
  }

  whole() {
    this.view.all();
    this.draw();
  }

  /** Shows the violation that is explained, or the whole run. */
  violation() {
    const { finding } = this;
    const moments = finding ? [...finding.proof.map((one) => one.us), finding.late_us, finding.right && finding.right.us].filter((us) => typeof us === "number") : [];
    if (!moments.length) return this.whole();
    const length = this.history.end - this.history.begin;
    const [from, to] = [Math.min(...moments), Math.max(...moments)];
    const room = Math.max((to - from) * 0.3, length * 0.04);
    this.view.set(from - room, to + room);
    this.draw();
  }

  /** The calls that are not about this one stand back, unless only one entity is shown anyway. */
  emphasise() {
    const name = this.finding && !this.entity ? this.finding.entity : null;
    const own = name ? this.calls.filter((call) => this.isAbout(call, name)) : [];
    this.about = own.length ? new Set(own) : null;
  }

  /** Another violation is explained. */
  explain(finding) {
    this.finding = finding;
    this.emphasise();
    if (this.findingChooser) this.findingChooser.selectedIndex = this.findings.indexOf(finding);
    this.violation();
  }

  /** An event is chosen, and brought into sight. */
  choose(seq, far) {
    const event = this.history.bySeq.get(seq);
    if (!event) return false;
    this.selected = seq;
    const { view } = this;
    const before = view.from;
    if (far && view.span > (view.most - view.least) / 6) view.set(event.us - (view.most - view.least) / 12, event.us + (view.most - view.least) / 12);
    else if (event.us < view.from + view.span * 0.03 || event.us > view.to - view.span * 0.03) view.set(event.us - view.span / 2, event.us + view.span / 2);
    this.table.show(seq);
    this.showDetails();
    this.draw(view.from !== before);
    announce(`${moment(event.us)}, number ${seq}: ${line(event, this.run.faults)}`);
    return true;
  }

  /** Follows a link to an event: one of a proof shows the whole proof. */
  jump(seq) {
    const tells = (finding) => [...finding.proof, finding.right].some((one) => one && one.seq === seq);
    const finding = this.finding && tells(this.finding) ? this.finding : this.findings.find(tells);
    if (finding) this.explain(finding);
    if (this.entity && !entitiesOf(this.history.bySeq.get(seq) || { learnt: [], call: null }).has(this.entity)) this.follow(null);
    return this.choose(seq, !finding);
  }

  /** The next event of those in the table. */
  step(by) {
    const { rows } = this.table;
    if (!rows.length) return;
    const at = rows.findIndex((event) => event.seq === this.selected);
    const inSight = rows.findIndex((event) => event.us >= this.view.from);
    const to = at < 0 ? Math.max(0, inSight) : Math.min(rows.length - 1, Math.max(0, at + by));
    this.choose(rows[to].seq);
  }

  end(side) {
    const { rows } = this.table;
    if (rows.length) this.choose(rows[side < 0 ? 0 : rows.length - 1].seq);
  }

  hit({ x, y }) {
    const at = this.hits.filter((one) => x >= one.x0 && x <= one.x1 && y >= one.y0 && y <= one.y1);
    const off = (one) => one.near * 1000 + Math.abs((one.x0 + one.x1) / 2 - x);
    return at.length ? at.reduce((best, one) => (off(one) < off(best) ? one : best)).seq : null;
  }

  /** The pointer is at a place, or has left. */
  point(place) {
    const seq = place ? this.hit(place) : null;
    this.canvas.style.cursor = seq === null ? "grab" : "pointer";
    if (seq === this.hover) return;
    this.hover = seq;
    this.showDetails();
    this.draw(false);
  }

  pick(place) {
    const seq = this.hit(place);
    if (seq === null) return this.clear();
    this.choose(seq);
  }

  clear() {
    this.selected = null;
    this.table.show(null);
    this.showDetails();
    this.draw(false);
  }

  /** Only what is about one entity; null: everything. */
  follow(entity) {
    this.entity = entity;
    this.chooser.value = entity || "";
    this.shown = entity ? arrange(this.history.calls.filter((call) => this.isAbout(call, entity))) : arrange(this.history.calls);
    this.emphasise();
    this.table.follow(entity);
    this.draw();
    announce(entity ? `following ${entity}` : "showing everything");
  }

  isAbout(call, entity) {
    const learnt = [call.answered, call.delivered].filter(Boolean).flatMap(([seq]) => (this.history.bySeq.get(seq) || { learnt: [] }).learnt);
    return Object.entries(call.about).some(([of, id]) => `${of} ${id}` === entity) || learnt.some((lesson) => lesson.entity.name === entity);
  }

  followChosen() {
    const event = this.history.bySeq.get(this.selected);
    const [name] = event ? entitiesOf(event) : [];
    this.follow(name && name !== this.entity ? name : null);
  }

  showDetails() {
    const event = this.history.bySeq.get(this.hover ?? this.selected) || null;
    this.details.replaceChildren(...details(event, this.run, {
      go: (seq) => this.choose(seq),
      follow: (name) => this.follow(name),
    }).flat(9).filter(Boolean));
  }
}
