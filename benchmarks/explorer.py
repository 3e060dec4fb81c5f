"""Size of the explorer's page and the time that a browser takes to open it, for a small and for a large study.

    python benchmarks/explorer.py

Needs Debian's chromium and chromium-driver, and selenium.
"""

import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS / "figures"), str(TESTS / "explorer")]

from explorer_tables import many_layers, page_tables
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from thinkalike.explorer import write_page


def opening(path: Path) -> float:
    """Return the seconds from the address to the drawn page, the best of three."""
    options = Options()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    times = []
    for _ in range(3):
        driver.get("about:blank")
        start = time.perf_counter()
        driver.get(path.as_uri())
        while driver.execute_script("return document.documentElement.dataset.ready") != "yes":
            time.sleep(0.01)
        times.append(time.perf_counter() - start)
    driver.quit()
    return min(times)


def main() -> None:
    """Print a row for each study."""
    with tempfile.TemporaryDirectory() as folder:
        for name, tables in (("small", page_tables()), ("1,200 layers", many_layers(48, 25, 500))):
            path = Path(folder) / "explorer.html"
            start = time.perf_counter()
            write_page(path, **tables)
            written = time.perf_counter() - start
            size = path.stat().st_size / 1e6
            print(f"{name}: {size:.2f} MB, written in {written:.1f} s, opened in {opening(path):.2f} s")


if __name__ == "__main__":
    main()
