"""Plays a session of the page of `thorax serve` in headless Chromium; `scripts/check-page` says how it is called.

What counts as a finding: a violation that axe-core reports, an error on the console, a request to anywhere but the service, a
page that scrolls sideways, and every step that does not end as it should.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
VIEWS = [("1280-light", 1280, "light"), ("390-dark", 390, "dark")]
SEED = "18446744073709551610"
PATIENCE = 180_000
FIRST_BYTES = {"png": b"\x89PNG", "jpg": b"\xff\xd8", "dcm": b"\0\0\0\0"}


def missing(text):
    print(f"error: {text}", file=sys.stderr)
    sys.exit(69)


try:
    from playwright.sync_api import Error as BrowserError
    from playwright.sync_api import sync_playwright
except ImportError:
    missing("this Python has no playwright: pip install playwright axe-playwright-python, and name it with PYTHON")


def axe_script():
    """The text of axe.min.js, from either of the packages that carry it."""
    for name in ("axe_playwright_python", "axe_core_python"):
        found = importlib.util.find_spec(name)
        if found:
            return (pathlib.Path(found.origin).parent / "axe.min.js").read_text()
    missing("this Python has no axe-core: pip install axe-playwright-python")


class Findings(list):
    def add(self, view, state, text):
        self.append({"view": view, "state": state, "finding": text})
        print(f"{view}, {state}: {text}", file=sys.stderr)


@contextlib.contextmanager
def service(options, folder, *arguments):
    """A service on a free port, and its address."""
    log = open(folder / "serve.log", "a")
    process = subprocess.Popen(
        [str(options.thorax), "serve", "--port", "0", "--model", options.model, *arguments], stdout=subprocess.PIPE,
        stderr=log, text=True)
    try:
        url = process.stdout.readline().strip()
        if not url:
            missing(f"the service does not start: {(folder / 'serve.log').read_text().strip()}")
        yield url
    finally:
        process.terminate()
        process.wait(60)


class Session:
    """One browser window, and what is wrong in it."""

    def __init__(self, browser, url, view, findings, options, axe, expects_refusal=False):
        self.view, width, scheme = view
        self.url, self.findings, self.output, self.axe_text = url, findings, options.output, axe
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True)
        self.width, self.state = width, "begin"
        # A browser writes every answer of 401 and 403 to its console.
        self.allowed = re.compile("40[13]") if expects_refusal else None
        self.page = self.open("")

    def open(self, path):
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: self.console(message.type, message.text))
        page.on("pageerror", lambda error: self.find(f"script error: {error}"))
        page.on("request", lambda request: self.request(request.url))
        page.goto(self.url + path)
        return page

    def console(self, kind, text):
        if kind == "error" and not (self.allowed and self.allowed.search(text)):
            self.find(f"console: {text}")

    def request(self, url):
        if not url.startswith((self.url + "/", "blob:", "data:")):
            self.find(f"request to {url}")

    def find(self, text):
        self.findings.add(self.view, self.state, text)

    def expect(self, condition, text):
        if not condition:
            self.find(text)

    def look(self, state):
        """A screenshot of a state, what axe-core says of it, and its width."""
        self.state = state
        self.page.screenshot(path=self.output / f"{state}-{self.view}.png", full_page=True)
        # Through the debugger and not as a script of the page, whose policy lets nothing foreign run.
        if not self.page.evaluate("typeof window.axe === 'object'"):
            self.page.evaluate(self.axe_text)
        for violation in self.page.evaluate("async () => (await axe.run(document)).violations"):
            places = "; ".join(" ".join(map(str, node["target"])) for node in violation["nodes"][:3])
            self.find(f"axe: {violation['id']} ({violation['impact']}): {violation['help']}: {places}")
        width = self.page.evaluate("document.documentElement.scrollWidth")
        self.expect(width <= self.width, f"the page is {width} pixels wide in a window of {self.width}")

    def facts(self, page=None):
        return (page or self.page).evaluate(
            "Object.fromEntries([...document.querySelectorAll('#facts dt')].map((t) => "
            "[t.textContent, t.nextElementSibling.textContent]))")

    def pixels(self, side="left"):
        data = self.page.evaluate(f"document.querySelector('#{side} canvas').toDataURL()")
        return hashlib.sha256(data.encode()).hexdigest()

    def done(self, page=None, word="Done"):
        (page or self.page).wait_for_selector(f"#status:has-text('{word}')")

    def draw(self, **fields):
        for name, value in fields.items():
            self.page.fill(f"#{name}", str(value))
        # What the last drawing said must not be taken for this one's.
        self.page.evaluate("document.getElementById('status').textContent = ''")
        self.page.click("#go")
        self.done()

    def download(self, selector):
        with self.page.expect_download() as waiting:
            self.page.click(selector)
        name = waiting.value.suggested_filename
        content = pathlib.Path(waiting.value.path()).read_bytes()
        return name, content

    # The parts of a session

    def drawing(self):
        page = self.page
        page.wait_for_selector("#go:not([disabled])")
        self.look("empty")
        for text in ("Pleural effusion", "left", "large"):
            page.click(f"#chips button:text-is('{text}')")
        self.expect(page.input_value("#prompt") == "Large left pleural effusion.", "the chips write another prompt")
        # By keyboard alone: from the prompt to the button, and pressed there.
        page.fill("#prompt", "")
        page.focus("#prompt")
        page.keyboard.type("Large left pleural effusion. 60-year-old woman, PA view.")
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "go":
                break
        self.expect(page.evaluate("document.activeElement.id") == "go", "Tab does not lead to the button")
        page.keyboard.press("Enter")
        self.done()
        page.click("summary:text-is('More')")
        self.draw(seed=SEED, steps=6)
        self.look("drawn")
        plain = self.facts()
        self.expect(plain.get("Seed") == SEED, f"the seed became {plain.get('Seed')}")
        self.expect("copy of" in plain.get("Nearest training image", ""), "the nearest training image is not there")
        for button, ending in (("PNG", "png"), ("JPEG", "jpg"), ("DICOM", "dcm")):
            name, content = self.download(f"#tools button:text-is('{button}')")
            self.expect(name == f"thorax-{SEED}.{ending}", f"{button} is saved as {name}")
            self.expect(content.startswith(FIRST_BYTES[ending]), f"{name} is no {button}")
        # A link, and the page reloaded, draw the same again.
        link = page.url
        again = self.open(link[len(self.url):])
        self.done(again)
        self.expect(self.facts(again) == plain, "the link draws another picture")
        again.reload()
        self.done(again)
        self.expect(self.facts(again) == plain, "the page reloaded draws another picture")
        again.close()
        page.check("#stamp")
        self.draw()
        self.expect("stamp=1" in page.url, "the link does not say that the notice is burnt in")
        self.expect(self.facts() != plain, "the burnt-in notice changes nothing")
        self.look("stamped")
        again = self.open(page.url[len(self.url):])
        self.done(again)
        self.expect(again.is_checked("#stamp") and self.facts(again) == self.facts(), "the link loses the notice")
        again.close()
        page.uncheck("#stamp")
        self.draw(count=2)
        name, content = self.download("#frames")
        self.expect(content.startswith(FIRST_BYTES["dcm"]) and name.endswith("-frames.dcm"), f"the frames are {name}")
        page.fill("#count", "1")

    def cancelling(self):
        page = self.page
        page.fill("#steps", "200")
        page.click("#go")
        # Without a function that waits in the page: its policy lets no text become a script.
        while page.evaluate("document.getElementById('progress').value") == 0 and page.is_visible("#cancel"):
            page.wait_for_timeout(50)
        self.look("drawing")
        page.click("#cancel")
        self.done(word="Cancelled")
        self.expect(page.is_hidden("#cancel") and page.is_enabled("#go"), "cancelling leaves the form as it was")

    def comparing(self):
        page = self.page
        self.draw(steps=6, seed=5)
        before = self.pixels()
        page.evaluate("for (const [id, value] of [['window', 120], ['level', 90]]) {"
                      "document.getElementById(id).value = value; document.getElementById(id).oninput(); }")
        self.expect(self.pixels() != before, "window and level change nothing")
        page.click("#reset")
        self.expect(self.pixels() == before, "the view does not come back")
        page.focus("#left canvas")
        page.keyboard.press("+")
        page.keyboard.press("ArrowLeft")
        self.expect(self.pixels() != before, "zooming by keyboard changes nothing")
        page.click("#reset")
        page.click("#compare")
        self.draw(seed=6)
        self.expect(self.pixels("left") == before and self.pixels("right") != before, "comparing loses the first picture")
        self.look("compare")
        page.click("#compare")

    def questions(self, place, count, answer):
        """Answers all questions of a quiz or of cases."""
        for number in range(count):
            self.page.wait_for_selector(f"{place} .question")
            if number == 0:
                self.look(f"{place.strip('#')}-question")
            answer()
            self.page.wait_for_selector(f"{place} button:text-is('Next')")
            if number == 0:
                self.look(f"{place.strip('#')}-answer")
            self.expect(
                self.page.evaluate("document.activeElement.textContent") == "Next", "the focus is not on the next step")
            self.page.click(f"{place} button:text-is('Next')")

    def teaching(self, radiographs, cases):
        page = self.page
        page.click("#tab-teach")
        self.look("teach")

        page.click("#host-cases-start")
        self.questions("#host-case", 2, lambda: page.click("#host-case button:text-is('left')")
                       if page.query_selector("#host-case button:text-is('left')")
                       else (page.fill("#host-case input", "none"), page.keyboard.press("Enter")))
        page.wait_for_selector("#host-cases-status:has-text('of 2 correct')")
        name, content = self.download("#host-cases .answers")
        self.expect(name == "cases-answers.csv" and content.count(b"\r\n") >= 3, f"{name} lacks answers")

        page.fill("#host-quiz-count", "4")
        page.click("#host-quiz-start")
        self.questions("#host-question", 4, lambda: page.click("#host-question button:text-is('Real')"))
        page.wait_for_selector("#host-quiz-status:has-text('of 4 correct')")
        name, content = self.download("#host-quiz .answers")
        self.expect(name == "quiz-answers.csv" and content.count(b"\r\n") >= 5, f"{name} lacks answers")

        page.set_input_files("#cases", str(cases))
        self.questions("#case", 2, lambda: page.click("#case button:text-is('left')")
                       if page.query_selector("#case button:text-is('left')")
                       else (page.fill("#case input", "none"), page.keyboard.press("Enter")))
        page.wait_for_selector("#cases-status:has-text('of 2 correct')")
        name, content = self.download("#case button")
        self.expect(name == "answers.csv" and content.count(b"\r\n") == 3, f"{name} lacks answers")

        page.set_input_files("#quiz-files", [str(file) for file in sorted(radiographs.glob("*.png"))[:2]])
        page.fill("#quiz-count", "3")
        page.click("#quiz-start")
        self.questions("#quiz", 3, lambda: page.click("#quiz button:text-is('Synthetic')"))
        page.wait_for_selector("#quiz-status:has-text('of 3 correct')")
        name, content = self.download("#quiz button")
        self.expect(name == "quiz.csv" and content.count(b"\r\n") == 4, f"{name} lacks answers")
        self.look("taught")

    def signing_in(self, token):
        page = self.page
        page.wait_for_selector("#sign-in:visible")
        self.look("sign-in")
        self.expect(page.is_hidden("#draw") and page.is_hidden("#tabs"), "who has not signed in sees the form")
        page.fill("#token", "thx_wrong")
        page.click("#sign-in button")
        page.wait_for_selector("#sign-in-status:has-text('not valid')")
        page.fill("#token", token)
        page.click("#sign-in button")
        page.wait_for_selector("#terms:visible")
        self.look("terms")
        self.expect(page.is_hidden("#draw"), "who has not accepted the terms sees the form")
        page.click("#accept")
        page.wait_for_selector("#terms", state="hidden")
        # Accepted once is accepted.
        page.reload()
        page.wait_for_selector("#go:not([disabled])")
        self.draw(prompt="Normal chest.")
        page.click("#tab-teach")
        self.expect(page.is_hidden("#host-quiz"), "a quiz that is not there is offered")
        self.look("student")


def prepare(options, folder):
    """What the host of a service has: radiographs, cases, a gate; phantoms take the place of radiographs."""
    def thorax(*arguments):
        done = subprocess.run([str(options.thorax), *arguments, "--quiet"], capture_output=True, text=True)
        if done.returncode != 0:
            missing(f"thorax {' '.join(arguments[:2])}: {done.stderr.strip()}")
        return done.stdout.strip()

    real = folder / "quiz" / "real"
    exported = folder / "exported"
    thorax("data", "phantom", "--count", "200", "--seed", "3", "--output", str(folder / "dataset"), "--export", str(exported))
    thorax("evaluate", "gate", "--data", str(folder / "dataset"), "--save-gate", str(folder / "gate.safetensors"))
    real.mkdir(parents=True)
    source = pathlib.Path(options.radiographs) if options.radiographs else exported
    files = sorted(file for file in source.rglob("*") if file.suffix.lower() in (".png", ".jpg", ".jpeg", ".dcm"))
    for number, file in enumerate(files[:12]):
        shutil.copy(file, real / f"{number}{file.suffix.lower()}")
    cases = folder / "cases.csv"
    cases.write_text(
        "prompt,question,answer,choices,seed\n"
        "Large left pleural effusion.,On which side is the effusion?,left,left|right,1\n"
        "Clear lungs.,What do you see?,,,2\n")
    state = folder / "accounts"
    tokens = {view[0]: thorax("serve", "tokens", "add", view[0], "--state", str(state)) for view in VIEWS}
    (folder / "terms.yaml").write_text("terms: |\n" + "".join(f"  {n}. No picture here is of a person.\n" for n in range(1, 30)))
    return real, cases, tokens


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / ".build/page", help="folder for the screenshots")
    parser.add_argument("--model", default="thorax-small")
    parser.add_argument("--thorax", type=pathlib.Path, default=ROOT / ".build/release/thorax")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="default: the system's, or playwright's own")
    parser.add_argument("--radiographs", help="folder of real radiographs for the quiz (default: phantoms)")
    options = parser.parse_args()
    if not options.thorax.exists():
        missing(f"'{options.thorax}' does not exist: run scripts/build")
    options.output.mkdir(parents=True, exist_ok=True)
    axe, findings = axe_script(), Findings()
    os.environ.setdefault("THORAX_HOME", str(ROOT))
    with tempfile.TemporaryDirectory(prefix="thorax-page-") as name, sync_playwright() as playwright:
        folder = pathlib.Path(name)
        real, cases, tokens = prepare(options, folder)
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        hosted = ["--quiz", str(folder / "quiz"), "--cases", str(cases), "--gate", str(folder / "gate.safetensors")]
        with service(options, folder, "--state", str(folder / "state"), *hosted) as url:
            for view in VIEWS:
                session = Session(browser, url, view, findings, options, axe)
                for part in (session.drawing, session.cancelling, session.comparing,
                             lambda: session.teaching(real, cases)):
                    try:
                        part()
                    except BrowserError as error:
                        session.find(f"stopped: {str(error).splitlines()[0]}")
                session.context.close()
        with service(options, folder, "--state", str(folder / "accounts"), "--config", str(folder / "terms.yaml")) as url:
            for view in VIEWS:
                session = Session(browser, url, view, findings, options, axe, expects_refusal=True)
                try:
                    session.signing_in(tokens[view[0]])
                except BrowserError as error:
                    session.find(f"stopped: {str(error).splitlines()[0]}")
                session.context.close()
        browser.close()
    (options.output / "findings.json").write_text(json.dumps(findings, indent=1) + "\n")
    print(f"{len(findings)} findings; screenshots in {options.output}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
