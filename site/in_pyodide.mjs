// Runs a Python program in Node.js by Pyodide, the Python of the page: node in_pyodide.mjs FOLDER PROGRAM
// FOLDER holds Pyodide; for the program it is /site.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, program] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
globalThis.XMLHttpRequest = class {}; // a page has it, and the helper package imports it
const python = await loadPyodide();
python.mountNodeFS("/site", folder);
try {
    python.runPython(readFileSync(program, "utf8"));
} catch (error) {
    console.error(error.message);
    process.exit(1);
}
