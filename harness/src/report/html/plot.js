// Plots of invariants that measure all entities of a kind.

const PLOT = { width: 460, left: 44, right: 12, top: 14, bottom: 30 };

function plot(measure) {
  if (!measure) return null;
  if (measure.kind === "times") return times(measure);
  if (measure.kind === "share") return bars([["all", measure.group]], { least: measure.at_least });
  return bars(measure.groups, { by: measure.by, tolerance: measure.tolerance });
}

const figure = (picture, caption) => el("figure", { class: "plot" }, picture, el("figcaption", {}, caption));

const rate = (share) => `${(share * 100).toFixed(share > 0.99 && share < 1 ? 2 : share * 100 % 1 ? 1 : 0)} %`;

/** How many had arrived after which time, beside what is demanded. */
function times({ quantile, below_us: below, took_us: took, arrived, on_their_way: open }) {
  const all = arrived + open;
  if (!all) return el("p", { class: "dim" }, "Nobody began, so nothing was measured.");
  const height = 190;
  const { width, left, right, top, bottom } = PLOT;
  const most = took.length ? took[took.length - 1] : below;
  const far = Math.max(most * 1.08, below > most * 20 ? 0 : below * 1.08, 1);
  const x = (us) => left + (us / far) * (width - left - right);
  const y = (share) => height - bottom - share * (height - top - bottom);
  const share = (i) => ((i + 1) / took.length) * (arrived / all);
  let path = `M${x(0)} ${y(0)}`;
  took.forEach((us, i) => (path += `H${x(us).toFixed(1)}V${y(share(i)).toFixed(1)}`));
  path += `H${x(far)}`;
  const rank = Math.ceil(quantile * all) - 1;
  const at = Math.min(took.length - 1, Math.round((rank / Math.max(1, arrived - 1)) * (took.length - 1)));
  const reached = rank < arrived ? took[at] : null;
  const fine = reached !== null && reached < below;
  const caption = reached === null
    ? `Only ${arrived} of ${all} arrived, fewer than a share of ${quantile}.`
    : `A share of ${quantile} had arrived after ${time(reached)}; demanded is less than ${time(below)}. ${all} in all${open ? `, ${open} still on their way at the end` : ""}.`;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Share that had arrived, by time. ${caption}` },
    axis(height, x, y, far),
    below <= far ? svg("g", { class: "limit" },
      svg("line", { x1: x(below), x2: x(below), y1: top, y2: height - bottom }),
      svg("text", { x: x(below) - 4, y: top + 9, "text-anchor": "end" }, `below ${time(below)}`)) : null,
    svg("line", { class: "limit", x1: left, x2: width - right, y1: y(quantile), y2: y(quantile) }),
    svg("path", { class: `curve ${fine ? "held" : "violated"}`, d: path }),
    reached !== null ? svg("circle", { class: fine ? "held" : "violated", cx: x(reached), cy: y((rank + 1) / all), r: 4 }) : null);
  return figure(picture, caption);
}

function axis(height, x, y, far) {
  const { width, left, right, bottom } = PLOT;
  const floor = height - bottom;
  const shares = [0, 0.5, 1].map((share) => svg("g", {},
    svg("line", { class: "grid", x1: left, x2: width - right, y1: y(share), y2: y(share) }),
    svg("text", { x: left - 6, y: y(share) + 4, "text-anchor": "end" }, rate(share))));
  const ticks = [0, far / 2, far].map((us, i) =>
    svg("text", { x: x(us), y: floor + 16, "text-anchor": ["start", "middle", "end"][i] }, us ? time(us) : "0"));
  return [shares, ticks];
}

/** A bar for each group: for how many a condition held. */
function bars(groups, { least, by, tolerance }) {
  const { width, right } = PLOT;
  const left = 130;
  const row = 26;
  const height = groups.length * row + 34;
  const x = (share) => left + share * (width - left - right - 96);
  const of = ({ held, all }) => (all ? held / all : 0);
  const shares = groups.map(([, group]) => of(group));
  const [low, high] = [Math.min(...shares), Math.max(...shares)];
  const floor = least === undefined ? Math.max(0, high - tolerance) : least;
  const caption = least === undefined
    ? `Shares by ${by} are ${rate(high - low)} apart; allowed are ${rate(tolerance)}.`
    : `It held for ${groups[0][1].held} of ${groups[0][1].all}; demanded is a share of ${rate(least)}.`;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": caption },
    groups.map(([name, group], i) => {
      const bad = of(group) + 1e-9 < floor;
      const top = i * row + 6;
      return svg("g", {},
        svg("text", { x: left - 8, y: top + 13, "text-anchor": "end" }, name.length > 18 ? `${name.slice(0, 17)}…` : name),
        svg("rect", { class: "grid", x: left, y: top, width: x(1) - left, height: 18 }),
        svg("rect", { class: bad ? "violated" : "held", x: left, y: top, width: Math.max(1, x(of(group)) - left), height: 18 }),
        svg("text", { x: x(1) + 8, y: top + 13 }, `${group.held} of ${group.all}${bad ? " ✗" : ""}`));
    }),
    svg("g", { class: "limit" },
      svg("line", { x1: x(floor), x2: x(floor), y1: 2, y2: height - 26 }),
      svg("text", { x: x(floor), y: height - 10, "text-anchor": floor > 0.5 ? "end" : "start" }, `at least ${rate(floor)}`)));
  return figure(picture, caption);
}
