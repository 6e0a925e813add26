// The results as pictures: SVG files that vega-lite and vega draw without a browser.

import { importFrom } from "../../test/support/part.ts";
import type { Result } from "../harness.ts";

/** The part of vega that draws: its types would need its installation. */
interface Vega {
  parse(spec: object): object;
  View: new (
    runtime: object,
    options: { readonly renderer: "none" },
  ) => { toSVG(): Promise<string>; finalize(): void };
}

interface VegaLite {
  compile(spec: object): { readonly spec: object };
}

/** One point: the time of a contestant in one case. */
interface Point extends Record<string, unknown> {
  readonly name: string;
  readonly ns: number;
  readonly us: number;
  /** Median of the same case divided by C's. */
  readonly timesC: number | null;
}

const COLOURS: Record<string, string> = {
  omnipoll: "#d1495b",
  "omnipoll poll": "#d1495b",
  "omnipoll pollInto": "#edae49",
  C: "#00798c",
  "C select()": "#66a182",
  CPython: "#2e4057",
};

const CONFIG = {
  background: "white",
  font: "sans-serif",
  axis: { labelFontSize: 11, titleFontSize: 12, gridColor: "#e5e5e5", titleFontWeight: "normal" },
  legend: { labelFontSize: 12, titleFontSize: 12, symbolSize: 120, labelLimit: 300 },
  header: { labelFontSize: 12, labelFontWeight: "bold", titleFontSize: 12 },
  title: { fontSize: 14, anchor: "start", offset: 12, subtitleFontSize: 11, subtitleColor: "#555" },
  view: { stroke: "#ccc" },
};

function pointsOf(results: readonly Result[]): Point[] {
  const points: Point[] = [];
  for (const { call, setting, parameters, timings } of results) {
    const c = timings.find(({ name }) => name === "C")?.medianNs;
    for (const { name, medianNs: ns } of timings) {
      if (!(name in COLOURS)) continue;
      const timesC = c === undefined ? null : ns / c;
      points.push({ call, setting, ...parameters, name, ns, us: ns / 1e3, timesC });
    }
  }
  return points;
}

/** Colours, in the order of the legend, of the contestants that have points. */
function colourOf(points: readonly Point[]): object {
  const domain = Object.keys(COLOURS).filter((name) => points.some((point) => point.name === name));
  return {
    field: "name",
    type: "nominal",
    title: null,
    scale: { domain, range: domain.map((name) => COLOURS[name]) },
    sort: domain,
  };
}

/** Lines over a number of descriptors. */
function lines(
  points: readonly Point[],
  x: { field: string; title: string },
  y: { field: string; title: string; log: boolean },
): object {
  const values = [...new Set(points.map((point) => point[x.field] as number))];
  return {
    width: 340,
    height: 260,
    mark: { type: "line", point: { size: 45, filled: true }, strokeWidth: 2 },
    encoding: {
      x: {
        field: x.field,
        type: "quantitative",
        title: x.title,
        scale: { type: "log", nice: false },
        axis: { values, format: ",d" },
      },
      y: {
        field: y.field,
        type: "quantitative",
        title: y.title,
        scale: y.log ? { type: "log" } : { zero: true },
        axis: y.log ? { values: [1e2, 1e3, 1e4, 1e5], format: ",d" } : {},
      },
      color: colourOf(points),
    },
  };
}

function ready(points: readonly Point[]): object {
  const x = { field: "ready", title: "ready descriptors" };
  return {
    title: {
      text: "epoll.poll(0) against the number of ready descriptors",
      subtitle: "all registered descriptors are ready; C and CPython with a second thread",
    },
    data: { values: points },
    hconcat: [
      lines(points, x, { field: "ns", title: "ns per call", log: true }),
      lines(points, x, { field: "timesC", title: "times the C loop", log: false }),
    ],
  };
}

function idle(points: readonly Point[]): object {
  return {
    title: {
      text: "epoll.poll(0) against the number of idle descriptors",
      subtitle: "one of the registered descriptors is ready",
    },
    data: { values: points },
    ...lines(
      points,
      { field: "registered", title: "registered descriptors" },
      { field: "ns", title: "ns per call", log: false },
    ),
    width: 480,
  };
}

function scaling(points: readonly Point[]): object {
  const labelled = points.map((point) => ({
    ...point,
    state: point["ready"] === 0 ? "none ready" : point["ready"] === 1 ? "1 ready" : "all ready",
    name: point.name === "omnipoll poll" ? "omnipoll" : point.name,
  }));
  return {
    title: {
      text: "poll and select against the number of descriptors, times C's poll loop",
      subtitle: "C and CPython with a second thread; below 1 is faster than C's poll()",
    },
    data: { values: labelled },
    facet: {
      row: { field: "call", title: null },
      column: { field: "state", title: null, sort: ["none ready", "1 ready", "all ready"] },
    },
    spec: {
      ...lines(
        labelled,
        { field: "registered", title: "descriptors" },
        { field: "timesC", title: "times C's poll loop", log: false },
      ),
      width: 230,
      height: 200,
    },
  };
}

function libevent(points: readonly Point[]): object {
  const labelled = points.map((point) => ({
    ...point,
    mechanism: (point["call"] as string).replace("libevent, ", ""),
  }));
  const settings = [...new Set(points.map((point) => point["setting"] as string))];
  return {
    title: {
      text: "libevent's benchmark: n pipes, a active, w writes",
      subtitle: "one run: all pipes registered anew, then dispatched until every write has arrived",
    },
    data: { values: labelled },
    columns: 2,
    facet: { field: "setting", type: "nominal", title: null, sort: settings },
    spec: {
      width: 300,
      height: 200,
      mark: { type: "bar" },
      encoding: {
        x: { field: "mechanism", type: "nominal", title: null, axis: { labelAngle: 0 } },
        xOffset: { field: "name", sort: Object.keys(COLOURS) },
        y: { field: "us", type: "quantitative", title: "µs per run" },
        color: colourOf(points),
      },
    },
    resolve: { scale: { y: "independent" } },
  };
}

/** The plots: file name, groups of cases, specification. */
const PLOTS: ReadonlyArray<[file: string, groups: string[], draw: (points: Point[]) => object]> = [
  ["epoll-ready.svg", ["epoll-ready"], ready],
  ["epoll-idle.svg", ["epoll-idle"], idle],
  ["poll-select.svg", ["poll", "select"], scaling],
  ["libevent.svg", ["libevent"], libevent],
];

/** Draws the plots whose groups all have results; returns them by file name. */
export async function drawPlots(results: readonly Result[]): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const { parse, View } = await importFrom<Vega>("bench/plots", "vega");
  const { compile } = await importFrom<VegaLite>("bench/plots", "vega-lite");
  for (const [file, groups, draw] of PLOTS) {
    if (!groups.every((group) => results.some((result) => result.group === group))) continue;
    const points = pointsOf(results.filter(({ group }) => groups.includes(group)));
    const spec = { ...draw(points), padding: 12, config: CONFIG };
    const view = new View(parse(compile(spec).spec), { renderer: "none" });
    files.set(file, await view.toSVG());
    view.finalize();
  }
  return files;
}
