import "./styles/base.css";
import "./styles/controls.css";
import "./styles/search.css";
import "./styles/spans.css";
import { render } from "preact";
import { App } from "./app/app.js";
import { startSettings } from "./app/settings.js";

startSettings();
const root = document.getElementById("page");
if (root !== null) render(<App />, root);
