// Sorting stays within a scenario: rows of different scenarios are not comparable.
for (const button of document.querySelectorAll(".sort")) button.addEventListener("click", () => {
  const head = button.closest("th"), table = button.closest("table"), column = head.cellIndex;
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of table.querySelectorAll("th[aria-sort]")) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = row => {
    const cell = row.cells[column];
    return column < 2 ? cell.textContent : parseFloat(cell?.dataset.value ?? "NaN");
  };
  const order = (a, b) => column < 2 ? a.localeCompare(b) : a - b;
  const missing = value => Number.isNaN(value);  // rows without a figure stay last, whichever way is up
  for (const body of table.tBodies) [...body.rows].slice(1)
    .map(row => [key(row), row])
    .sort(([a], [b]) => missing(a) - missing(b) || (missing(a) ? 0 : (up ? 1 : -1) * order(a, b)))
    .forEach(([, row]) => body.append(row));
});
const field = name => document.getElementById(name);
const filter = () => {
  const words = field("words-wanted").value.toLowerCase().split(/\s+/).filter(Boolean);
  const [workload, model, transport] = ["workload", "model", "transport"].map(key => field(`${key}-wanted`).value);
  let shown = 0, all = 0;
  for (const section of document.querySelectorAll("section[data-workload]")) {
    for (const body of section.querySelectorAll(".sortable tbody")) {
      const [head, ...rows] = body.rows;
      for (const row of rows) {
        const text = (row.dataset.name + " " + head.textContent + " " + row.textContent).toLowerCase();
        row.hidden = !(words.every(word => text.includes(word)) && (!model || row.dataset.model === model)
          && (!transport || row.dataset.transport === transport) && (!workload || section.dataset.workload === workload));
        all += 1;
        shown += !row.hidden;
      }
      head.hidden = rows.every(row => row.hidden);
    }
    section.hidden = !section.querySelector("tr[data-name]:not([hidden])");
  }
  field("found").value = shown < all ? `${shown} of ${all} rows` : "";
};
field("filter")?.addEventListener("input", filter);
field("filter")?.addEventListener("submit", event => event.preventDefault());
if (field("filter")) filter();  // the browser keeps what was typed before a reload
field("all-columns")?.addEventListener("change", event => {
  for (const table of document.querySelectorAll(".sortable")) table.classList.toggle("wide", event.target.checked);
});
for (const table of document.querySelectorAll(".sortable")) table.classList.toggle("wide", !!field("all-columns")?.checked);
