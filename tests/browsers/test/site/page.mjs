const output = document.querySelector("#output");
const name = document.querySelector("#name");
document.querySelector("#greet").addEventListener("click", () => (output.textContent = `Hello ${name.value}`));
document.querySelector("#file").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  output.textContent = `${file.name}: ${await file.text()}`;
});
name.addEventListener("keydown", ({ key, shiftKey }) => (document.title = shiftKey ? `Shift+${key}` : key));
