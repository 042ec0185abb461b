// Pointer, wheel and keys on a timeline.

/** One turn of a wheel. */
const WHEEL_ZOOM = 0.0022;
const KEY_ZOOM = 1.6;

function gestures(canvas, timeline) {
  const pointers = new Map();
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  let moved = 0;

  canvas.addEventListener("pointerdown", (event) => {
    canvas.focus({ preventScroll: true });
    pointers.set(event.pointerId, where(event));
    moved = 0;
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer has left already.
    }
  });

  canvas.addEventListener("pointermove", (event) => {
    const now = where(event);
    const before = pointers.get(event.pointerId);
    if (!before) return timeline.point(now);
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const apart = (a) => Math.max(8, Math.abs(a.x - other.x));
      timeline.zoom(apart(now) / apart(before), timeline.moment((now.x + other.x) / 2));
    } else {
      timeline.pan(timeline.moment(before.x) - timeline.moment(now.x));
    }
    moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    pointers.set(event.pointerId, now);
  });

  const up = (event) => {
    const known = pointers.delete(event.pointerId);
    if (known && event.type === "pointerup" && moved < 6) timeline.pick(where(event));
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => timeline.point(null));
  canvas.addEventListener("dblclick", (event) => timeline.zoom(3, timeline.moment(where(event).x)));

  // Over a timeline that has no focus, the wheel scrolls the page. A pinch on a touchpad is a wheel with Ctrl.
  canvas.addEventListener("wheel", (event) => {
    const zooms = event.ctrlKey || event.metaKey || document.activeElement === canvas;
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    if (!zooms && !sideways) return;
    event.preventDefault();
    const px = event.deltaMode === 1 ? 16 : 1;
    if (sideways && !event.ctrlKey) timeline.panPixels((event.deltaX || event.deltaY) * px);
    else timeline.zoom(Math.exp(-event.deltaY * px * WHEEL_ZOOM * (event.ctrlKey ? 3 : 1)), timeline.moment(where(event).x));
  }, { passive: false });

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = {
      "ArrowLeft": () => (event.shiftKey ? timeline.panShare(-0.2) : timeline.step(-1)),
      "ArrowRight": () => (event.shiftKey ? timeline.panShare(0.2) : timeline.step(1)),
      "ArrowUp": () => timeline.zoomIn(KEY_ZOOM), "ArrowDown": () => timeline.zoomIn(1 / KEY_ZOOM),
      "+": () => timeline.zoomIn(KEY_ZOOM), "=": () => timeline.zoomIn(KEY_ZOOM), "-": () => timeline.zoomIn(1 / KEY_ZOOM),
      "0": () => timeline.whole(), "v": () => timeline.violation(),
      "Home": () => timeline.end(-1), "End": () => timeline.end(1),
      "f": () => timeline.followChosen(), "Enter": () => timeline.details.focus(),
      "Escape": () => timeline.clear(),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
}
