// The fleet on its map: cars, numbers, the pointer, and the part of the globe that is looked at.
import type { Map as Chart } from "maplibre-gl";
import { boundsOf } from "./bounds";
import { Cars, type CarsLook } from "./cars";
import { showCounts } from "./clusters";
import { STATUSES, type Fleet } from "./fleet";
import { createMap } from "./map";
import { latitudeOf, longitudeOf } from "./mercator";
import { color, onTheme } from "./theme";

const REACH_PIXELS = 14;
const NEAR_ZOOM = 13;
const PADDING = 48;

export interface FleetMapOptions {
  element: HTMLElement;
  fleet: Fleet;
  /** Latitude, longitude and zoom; null: so that all cars can be seen. */
  view: [number, number, number] | null;
  onSelect(id: string): void;
  onView(latitude: number, longitude: number, zoom: number): void;
}

export class FleetMap {
  private fitted: boolean;
  private readonly cars: Cars;
  private readonly recount: () => void;
  private readonly tip = document.getElementById("tip")!;

  static async create(options: FleetMapOptions): Promise<FleetMap> {
    const { element, view } = options;
    const map = await createMap(element, view ? { center: [view[1], view[0]], zoom: view[2] } : {});
    return new FleetMap(map, options);
  }

  private constructor(readonly map: Chart, private readonly options: FleetMapOptions) {
    this.fitted = options.view !== null;
    this.cars = new Cars(map, options.fleet, look());
    this.recount = showCounts(map, options.fleet);
    onTheme(() => this.cars.recolor(look()));
    map.on("mousemove", ({ lngLat, point }) => this.hover(this.cars.nearest(lngLat.lng, lngLat.lat, REACH_PIXELS), point.x, point.y));
    map.on("mouseout", () => this.hover(-1, 0, 0));
    map.on("click", ({ lngLat }) => {
      const car = this.cars.nearest(lngLat.lng, lngLat.lat, REACH_PIXELS);
      options.onSelect(car < 0 ? "" : options.fleet.ids[car]!);
    });
    map.on("moveend", (event) => {
      const { lng, lat } = map.getCenter().wrap();
      if (event.originalEvent || this.fitted) options.onView(lat, lng, map.getZoom());
    });
    this.tick();
  }

  /** Calls back when the base map is drawn, for the first time. */
  drawn(back: () => void): void {
    if (this.map.loaded()) back();
    else this.map.once("load", back);
  }

  /** The fleet has new positions. */
  tick(): void {
    this.cars.tick();
    this.recount();
    if (!this.fitted) this.fit();
  }

  /** Other cars are shown. */
  filter(): void {
    this.cars.filter();
    this.recount();
  }

  select(id: string): void {
    this.cars.selected = this.options.fleet.indexOf(id) ?? -1;
  }

  /** Moves the map to a car, unless it can be seen already and need not be nearer. */
  reveal(id: string, nearer: boolean): void {
    const { fleet } = this.options;
    const car = fleet.indexOf(id);
    if (car === undefined || !fleet.placed[car]) return;
    const center: [number, number] = [longitudeOf(fleet.east[car]!), latitudeOf(fleet.south[car]!)];
    if (nearer) this.map.easeTo({ center, zoom: Math.max(this.map.getZoom(), NEAR_ZOOM) });
    else if (!this.map.getBounds().contains(center)) this.map.easeTo({ center });
  }

  /** All shown cars into view. */
  fit(): void {
    const bounds = boundsOf(this.options.fleet);
    if (!bounds) return;
    this.map.fitBounds(bounds, { padding: PADDING, maxZoom: NEAR_ZOOM, animate: false });
    this.fitted = true;
  }

  private hover(car: number, x: number, y: number): void {
    const { fleet } = this.options;
    if (car !== this.cars.hovered) {
      this.cars.hovered = car;
      this.map.getCanvas().style.cursor = car < 0 ? "" : "pointer";
    }
    this.tip.hidden = car < 0;
    if (car < 0) return;
    this.tip.textContent = `${fleet.ids[car]} · ${STATUSES[fleet.status[car]!]}`;
    this.tip.style.translate = `${x + 12}px ${y + 12}px`;
  }
}

function look(): CarsLook {
  const parts = (token: string): [number, number, number] => {
    const hex = color(token).replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255) as [number, number, number];
  };
  return { colors: new Float32Array(STATUSES.flatMap((status) => parts(`--${status}`))), rim: parts("--panel") };
}
