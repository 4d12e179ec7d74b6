// A map: MapLibre on outlines of land that come with the console, or on the tiles that the operator set.
import { Map as Chart, NavigationControl, ScaleControl, setWorkerUrl, type StyleSpecification } from "maplibre-gl";
import { baseStyle, type BaseMap } from "./map-style";
import { onTheme } from "./theme";
import { FAR, unitOf } from "./units";

/** What a map is told by `data-` attributes of its element: addresses of assets, and /v1/map. */
interface Place {
  worker: string;
  land: string;
  countries: string;
  base: string;
}

export interface MapOptions {
  center?: [number, number];
  zoom?: number;
}

/** Why there can be no map in this browser; empty where there can. */
export function whyNoMap(): string {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl ? "" : "The map needs WebGL 2, and this browser does not offer it: hardware acceleration may be switched off in its settings.";
}

/** Makes the map in an element that has the attributes of `Place`; it resolves when the base map can be drawn on. */
export async function createMap(element: HTMLElement, options: MapOptions = {}): Promise<Chart> {
  const place = { ...element.dataset } as unknown as Place;
  setWorkerUrl(new URL(place.worker, location.href).href);
  const base = JSON.parse(place.base) as BaseMap;
  const style = await baseStyle(base, place.land, place.countries);
  const map = new Chart({
    container: element,
    style: style() as StyleSpecification,
    center: options.center ?? [0, 25],
    zoom: options.zoom ?? 0.8,
    maxZoom: 19,
    attributionControl: base.tiles === "outlines" ? false : { compact: true, customAttribution: inWords(base.credit) },
    dragRotate: false,
    touchPitch: false,
    fadeDuration: 0,
    refreshExpiredTiles: false,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ unit: unitOf(FAR).symbol === "mi" ? "imperial" : "metric" }), "bottom-left");
  onTheme(() => {
    const fresh = style();
    for (const layer of fresh.layers) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) map.setPaintProperty(layer.id, name as "line-width", value as number);
    }
  });
  await new Promise<void>((resolve) => map.once("style.load", () => resolve()));
  return map;
}

/** Text as HTML that says just that: MapLibre takes credits as HTML. */
function inWords(text: string): string {
  const element = document.createElement("span");
  element.textContent = text;
  return element.innerHTML;
}
