// The history of commands: what is typed or chosen is looked for without a press of the button.
import { searchAsTyped } from "../lib/filter";

searchAsTyped(document.querySelector<HTMLFormElement>("#filter"), "#rows");
