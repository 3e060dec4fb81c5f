"use strict";
/* Read the blocks, then the address, then draw every part. */
(async () => {
  try {
    await explorer.load();
    explorer.readAddress();
    for (const part of explorer.parts) part.start();
    explorer.writeAddress();
    window.addEventListener("hashchange", () => {
      explorer.readAddress();
      explorer.set({ ...explorer.state });
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const part of explorer.parts) part.draw(["theme", "measure"]);
    });
    let width = explorer.chartWidth();
    window.addEventListener("resize", () => {
      if (explorer.chartWidth() === width) return;
      width = explorer.chartWidth();
      for (const part of explorer.parts) part.draw(["theme"]);
    });
    document.documentElement.dataset.ready = "yes";
  } catch (error) {
    const failure = document.getElementById("failure");
    failure.hidden = false;
    failure.textContent = `This page could not be drawn (${error.message}). It needs a browser of 2023 or later.`;
    throw error;
  }
})();
