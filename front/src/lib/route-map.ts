// Routes on the map, each with a marker that the player moves.
import { type Map as Chart, LngLatBounds, Marker } from "maplibre-gl";
import { createMap, whyNoMap } from "./map";
import { onTheme, traceColor } from "./theme";

/** A line of longitudes and latitudes. */
export type Line = [number, number][];

/** For a single place: near enough to know it by its coast, where there is no more than outlines. */
const PLACE_ZOOM = 8;

export class RouteMap {
  private readonly markers: Marker[];

  private constructor(map: Chart, lines: Line[]) {
    this.markers = lines.map((line, index) => {
      const element = document.createElement("div");
      element.className = "car-marker";
      element.style.background = traceColor(index);
      return new Marker({ element }).setLngLat(line[0] ?? [0, 0]).addTo(map);
    });
  }

  /** Draws the routes in the element, which has the map's attributes; null, and a word in it, where there can be no map. */
  static async create(element: HTMLElement, lines: Line[]): Promise<RouteMap | null> {
    const why = lines.every((line) => line.length === 0) ? "No positions were recorded on this way." : whyNoMap();
    if (why) {
      element.textContent = why;
      element.classList.add("empty");
      return null;
    }
    const bounds = new LngLatBounds();
    for (const place of lines.flat()) bounds.extend(place);
    const map = await createMap(element, { center: bounds.getCenter().toArray() });
    map.fitBounds(bounds, { padding: 40, maxZoom: lines.flat().length > 1 ? 15 : PLACE_ZOOM, animate: false });
    lines.forEach((line, index) => {
      map.addSource(`route-${index}`, {
        type: "geojson",
        data: { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: line.length > 1 ? line : [...line, ...line] } },
      });
      map.addLayer({ id: `route-${index}`, type: "line", source: `route-${index}`, layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": traceColor(index), "line-width": 4, "line-opacity": 0.8 } });
    });
    const made = new RouteMap(map, lines);
    onTheme(() => lines.forEach((_, index) => {
      map.setPaintProperty(`route-${index}`, "line-color", traceColor(index));
      made.markers[index]!.getElement().style.background = traceColor(index);
    }));
    return made;
  }

  /** Moves a marker; null hides it: nobody knows where that car was. */
  move(index: number, place: [number, number] | null): void {
    const marker = this.markers[index];
    if (!marker) return;
    marker.getElement().hidden = place === null;
    if (place) marker.setLngLat(place);
  }
}
