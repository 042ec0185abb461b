//! `report.html`, looked at in a real browser: what a reader sees first, that links, filters and keys work, and that a
//! long run stays in hand.

use crate::browser::{Tab, chromium};
use crate::lanes::trial;
use crate::support::{Case, Said, Scratch, check, codabench, root};
use libtest_mimic::{Failed, Trial};
use serde_json::json;
use std::fmt::Write as _;

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 8] = [
        ("held", held),
        (
            "inconclusive: the missing link, and what would supply it",
            inconclusive,
        ),
        (
            "violated: the verdict, the proof, and the moment that would have been right",
            violated,
        ),
        ("filters by verdict and text", filters),
        ("everything by keyboard", keyboard),
        ("ten thousand events", many_events),
        ("large text, narrow screens, dark and paper", readers),
        ("planted bugs against scenarios", matrix),
    ];
    let case = |(name, run): Case| trial(format!("report {name}"), run);
    let all = cases.into_iter().map(case);
    let all = all.map(|trial| trial.with_ignored_flag(chromium().is_none()));
    // This one needs no browser.
    let size = trial("report that of a typical scenario is below 1 MB", size);
    all.chain([size]).collect()
}

const GIVEN: &str = "Given the stack \"codabench\"";
const REFUSED: &str =
    "And the call \"upload scores\" answers 503 the first 2 times for each submission";
const LATE: &str = "And the call \"upload scores\" takes 200ms longer";
const SUBMIT: &str = "When \"submit\" runs 4 times\n    And every submission is final within 60s";
const JUDGE: &str = "Then \"effect before status\" holds";

/// Plays scenarios, each with its name and its steps after the first, as local processes.
fn play(scratch: &Scratch, scenarios: &[(&str, &str)], args: &[&str]) -> Said {
    let mut text = "Feature: f\n".to_owned();
    for (name, steps) in scenarios {
        let _ = writeln!(text, "\n  Scenario: {name}\n    {GIVEN}\n    {steps}");
    }
    scratch.play(&text, &[&["--runtime", "process"], args].concat())
}

const BUG: [&str; 2] = ["--mutant", "finished-before-upload"];

/// One scenario that is violated.
fn broken(scratch: &Scratch) -> Result<Tab, Failed> {
    let steps = format!("{LATE}\n    {SUBMIT}\n    {JUDGE}");
    let said = play(scratch, &[("the scores come late", &steps)], &BUG).exits(1)?;
    said.says(&["report: out/report.html"])?;
    Tab::open(&scratch.path("out/report.html"))
}

/// The first line of the page that says something.
const FIRST: &str = "document.querySelector('body > :not(.skip)').querySelector('h1').innerText";

fn held() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let steps = format!("{REFUSED}\n    {SUBMIT}\n    {JUDGE}");
    play(&scratch, &[("the scores come late", &steps)], &[]).exits(0)?;
    let tab = Tab::open(&scratch.path("out/report.html"))?;
    tab.until("document.querySelector('canvas').dataset.drawn > 0")?;
    check(tab.text(FIRST)?.contains("held"), || {
        "no verdict".to_owned()
    })?;
    tab.holds("document.title.startsWith('held')")?;
    tab.holds(
        "document.querySelector('.story').innerText.includes('1 invariant held, with 4 witnesses')",
    )?;
    tab.holds(
        "document.querySelector('.steps').innerText.includes('Given the stack \"codabench\"')",
    )?;
    tab.holds("[...document.querySelectorAll('.receipt li')].map(li => li.innerText).join() === 'armed 1,matched 12,applied 8,felt 8,reached 0'")?;
    tab.is_content()
}

fn inconclusive() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let steps = format!(
        "And the call \"upload scores\" answers 503 the 40th time\n    {SUBMIT}\n    {JUDGE}"
    );
    play(&scratch, &[("nothing meets the fault", &steps)], &[]).exits(2)?;
    let tab = Tab::open(&scratch.path("out/report.html"))?;
    check(tab.text(FIRST)?.contains("inconclusive"), || {
        "no verdict".to_owned()
    })?;
    let story = tab.text("document.querySelector('.story').innerText")?;
    for words in [
        "waited for number 40",
        "lower the count",
        "applied 0 ? missing here",
    ] {
        check(story.contains(words), || {
            format!("nothing about {words}: {story}")
        })?;
    }
    tab.is_content()
}

fn violated() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let tab = broken(&scratch)?;
    check(tab.text(FIRST)?.contains("violated"), || {
        "no verdict".to_owned()
    })?;
    tab.holds("document.querySelector('h1').getBoundingClientRect().bottom < innerHeight / 4")?;
    tab.holds("document.querySelector('.again .line').innerText.includes(\"--mutant 'finished-before-upload'\")")?;
    // An option and what it is set to are on one line.
    tab.holds("new Set([...document.querySelectorAll('.again .option')].map(one => one.offsetHeight)).size === 1")?;
    let story = tab.text("document.querySelector('.finding.violated').innerText")?;
    for words in [
        "effect before status",
        "no: 'status == \"Finished\"', before: happened(\"scores stored\")",
        "status became Finished (call update status)",
        "would have been right",
    ] {
        check(story.contains(words), || {
            format!("nothing about {words}: {story}")
        })?;
    }
    tab.holds("document.querySelector('.steps').innerText.includes('the call \"upload scores\" takes 200ms longer')")?;
    tab.holds("document.querySelector('.switch').innerText.includes('no fault was needed')")?;
    proof_moves_the_timeline(&tab)?;
    // What the link shows is in the address, so that it can be passed on.
    let seq = tab.text("location.hash")?;
    tab.js("document.querySelector('.proof .right a').click()")?;
    tab.until("document.querySelector('canvas').dataset.selected === document.querySelector('.proof .right .seq').innerText.slice(1)")?;
    tab.js("history.back()")?;
    tab.until(&format!("location.hash === '{seq}' && document.querySelector('canvas').dataset.selected === '{seq}'.split('-e')[1]"))?;
    pointer(&tab)?;
    tab.is_content()
}

fn size() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let feature = root().join("features/codabench/scores.feature");
    let feature = std::fs::read_to_string(feature)?;
    let typical = ["--runtime", "process", "--name", "refused twice"];
    scratch.play(&feature, &typical).says(&["1 held"])?;
    let size = std::fs::metadata(scratch.path("out/report.html"))?.len();
    check((50_000..1_000_000).contains(&size), || {
        format!("{size} bytes")
    })
}

/// How much of the run is in sight.
const SPAN: &str = "window.span = () => { const {from, to} = document.querySelector('canvas').dataset; return to - from }; null";

/// The link of the first event of the proof brings it into sight, with its whole exchange.
fn proof_moves_the_timeline(tab: &Tab) -> Result<(), Failed> {
    tab.until("document.querySelector('canvas').dataset.drawn > 0")?;
    tab.js(SPAN)?;
    let near = tab.number("span()")?;
    tab.js("[...document.querySelectorAll('.toolbar button')].find(one => one.innerText === 'Whole run').click()")?;
    tab.until(&format!("span() > {near}"))?;
    let whole = tab.number("span()")?;
    tab.js(
        "document.querySelector('canvas').dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))",
    )?;
    tab.until("document.querySelector('canvas').dataset.selected === ''")?;
    tab.holds("document.querySelector('.details h5') === null")?;
    tab.js("scrollTo(0, 0); document.querySelector('.proof a').click()")?;
    tab.until("document.querySelector('canvas').dataset.selected === document.querySelector('.proof .seq').innerText.slice(1)")?;
    tab.until(&format!("span() < {whole} / 2"))?;
    tab.holds("document.activeElement.tagName === 'CANVAS'")?;
    let details = tab.text("document.querySelector('.details').innerText")?;
    for words in [
        "PATCH /api/submissions/",
        "worker → site",
        "status became Finished",
        "content-type",
        "status=Finished",
    ] {
        check(details.contains(words), || {
            format!("nothing about {words}: {details}")
        })?;
    }
    tab.holds("document.querySelector('.row[aria-selected=\"true\"] .seq').innerText === document.querySelector('.proof .seq').innerText")
}

/// Wheel, drag and hover.
fn pointer(tab: &Tab) -> Result<(), Failed> {
    tab.js("document.querySelector('.frame').scrollIntoView({behavior: 'instant'})")?;
    // In the middle of the whole run, there is room to move either way.
    tab.js("document.querySelector('canvas').focus({preventScroll: true})")?;
    let near = tab.number("span()")?;
    tab.press("0")?;
    tab.until(&format!("span() > {near}"))?;
    let before = tab.number("span()")?;
    tab.wheel(600.0, 100.0, -480.0)?;
    tab.until(&format!("span() < {before} * 0.9"))?;
    let from = tab.number("Number(document.querySelector('canvas').dataset.from)")?;
    tab.drag((700.0, 8.0), (500.0, 8.0))?;
    tab.until(&format!(
        "document.querySelector('canvas').dataset.from > {from}"
    ))?;
    tab.js("[...document.querySelectorAll('.toolbar button')].find(one => one.innerText === 'Whole run').click()")?;
    tab.until(&format!("span() >= {before}"))?;
    // Somewhere along the band of the first entity there is a status to point at.
    tab.press("Escape")?;
    tab.until("document.querySelector('canvas').dataset.selected === ''")?;
    let height = tab.number("document.querySelector('canvas').clientHeight")?;
    tab.point(900.0, height - 20.0)?;
    tab.until("document.querySelector('.details h5') !== null")
}

fn filters() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let late = format!("{LATE}\n    {SUBMIT}\n    {JUDGE}");
    let calm = format!("{SUBMIT}\n    Then \"terminal is final\" holds");
    let vain = format!(
        "And the call \"upload scores\" answers 503 the 40th time\n    {SUBMIT}\n    Then \"terminal is final\" holds"
    );
    let scenarios = [
        ("all is calm", calm.as_str()),
        ("a fault in vain", &vain),
        ("the scores come late", &late),
    ];
    play(&scratch, &scenarios, &BUG).exits(1)?;
    let tab = Tab::open(&scratch.path("out/report.html"))?;
    tab.js("window.shown = () => [...document.querySelectorAll('.scenario')].filter(one => one.offsetParent).map(one => one.querySelector('.name').firstChild.data).join()")?;
    let shows = |names: &str| tab.until(&format!("shown() === '{names}'"));
    // The worst is first, and open.
    shows("the scores come late,a fault in vain,all is calm")?;
    tab.holds("[...document.querySelectorAll('.scenario button[aria-expanded=\"true\"]')].length === 1 && document.querySelector('.scenario .body:not([hidden])').closest('.scenario').matches('.violated')")?;
    tab.js("document.querySelector('input[value=\"violated\"]').click()")?;
    shows("a fault in vain,all is calm")?;
    tab.js("const text = document.querySelector('.filters input[type=\"search\"]'); text.value = '40TH time'; text.dispatchEvent(new Event('input'))")?;
    shows("a fault in vain")?;
    tab.holds(
        "document.querySelector('#scenarios [role=\"status\"]').innerText === '1 of 3 scenarios'",
    )?;
    tab.js("document.querySelector('input[value=\"inconclusive\"]').click()")?;
    shows("")?;
    tab.until("document.querySelector('#scenarios .notice').offsetParent !== null")?;
    // A link leads to its scenario whatever the filters say.
    tab.js("document.querySelector('.why a').click()")?;
    shows("the scores come late")?;
    tab.is_content()
}

/// What Tab leads to, in its order; each once.
const STOPS: [(&str, &str); 9] = [
    ("the way past the head", ".skip"),
    ("the command", ".again .line"),
    ("its button", ".again .copy"),
    ("the scenario", ".scenario h3 button"),
    ("the other run", ".switch button"),
    ("the proof", ".proof a"),
    ("the timeline", "canvas"),
    ("the events", ".events"),
    ("all invariants", ".fold summary"),
];

fn keyboard() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let tab = broken(&scratch)?;
    tab.until("document.querySelector('canvas').dataset.drawn > 0")?;
    let mut next = STOPS.iter();
    let mut wanted = next.next();
    for _ in 0..80 {
        let Some((_, selector)) = wanted else { break };
        tab.press("Tab")?;
        if tab.js(&format!("document.activeElement.matches('{selector}')"))? == true {
            tab.holds("document.activeElement.matches(':focus-visible') && getComputedStyle(document.activeElement).outlineStyle !== 'none'")?;
            wanted = next.next();
        }
    }
    check(wanted.is_none(), || {
        format!("Tab does not come to {wanted:?}, or not in this order")
    })?;
    every_control_has_a_name(&tab)?;
    keys_on_the_timeline(&tab)?;
    keys_in_the_table(&tab)?;
    tab.js("document.querySelector('.scenario h3 button').focus()")?;
    tab.press("Enter")?;
    tab.until("document.querySelector('.scenario .body').hidden")?;
    tab.is_content()
}

/// Whoever does not see it hears what it is; headings go down one level at a time; there are landmarks.
fn every_control_has_a_name(tab: &Tab) -> Result<(), Failed> {
    let nameless = "[...document.querySelectorAll('button, a, select, input, canvas, [role=grid], [role=region]')].filter(one => \
        !(one.getAttribute('aria-label') || one.getAttribute('aria-labelledby') || one.textContent.trim() || (one.labels && [...one.labels].some(label => label.innerText.trim())))).map(one => one.outerHTML.slice(0, 90)).join()";
    let found = tab.text(nameless)?;
    check(found.is_empty(), || format!("without a name: {found}"))?;
    let jumps = "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(one => Number(one.tagName[1])).some((level, i, all) => i && level > all[i - 1] + 1)";
    tab.holds(&format!("!({jumps})"))?;
    tab.holds("document.documentElement.lang === 'en' && document.querySelectorAll('main').length === 1 && document.querySelectorAll('h1').length === 1")
}

fn keys_on_the_timeline(tab: &Tab) -> Result<(), Failed> {
    tab.js("document.querySelector('canvas').focus(); window.at = () => document.querySelector('canvas').dataset; null")?;
    tab.js(SPAN)?;
    press(tab, "Escape")?;
    tab.until("at().selected === ''")?;
    let near = tab.number("span()")?;
    press(tab, "0")?;
    tab.until(&format!("span() > {near}"))?;
    let whole = tab.number("span()")?;
    press(tab, "ArrowRight")?;
    tab.until("at().selected !== ''")?;
    let first = tab.number("Number(at().selected)")?;
    press(tab, "ArrowRight")?;
    tab.until(&format!("Number(at().selected) === {first} + 1"))?;
    tab.until("document.getElementById('live').textContent.includes(`number ${at().selected}:`)")?;
    press(tab, "+")?;
    tab.until(&format!("span() < {whole}"))?;
    press(tab, "End")?;
    tab.until("document.querySelector('.details h5').innerText === 'phase: down'")?;
    press(tab, "v")?;
    tab.until(&format!("span() < {whole} / 2"))?;
    tab.js("document.querySelector('.proof a').click()")?;
    tab.until("document.activeElement.matches('canvas')")?;
    press(tab, "f")?;
    tab.until("document.querySelector('.toolbar select').value.startsWith('submission ')")?;
    tab.until("[...document.querySelectorAll('.rows-body .what')].every(one => !one.innerText.includes('phase:'))")?;
    press(tab, "Enter")?;
    tab.until("document.activeElement.matches('.details')")
}

/// Presses a key on the timeline, wherever the focus is.
fn press(tab: &Tab, key: &str) -> Result<(), Failed> {
    tab.js("document.querySelector('canvas').focus({preventScroll: true}); null")?;
    tab.press(key)
}

fn keys_in_the_table(tab: &Tab) -> Result<(), Failed> {
    tab.js("document.querySelector('.events').focus()")?;
    tab.press("Home")?;
    tab.until(
        "document.querySelector('.rows-body .row').getAttribute('aria-selected') === 'true'",
    )?;
    tab.press("ArrowDown")?;
    tab.until("document.querySelector('.row[aria-selected=\"true\"]').getAttribute('aria-rowindex') === '3'")?;
    tab.until("document.getElementById(document.querySelector('.events').getAttribute('aria-activedescendant'))?.getAttribute('aria-rowindex') === '3'")
}

/// A history of so many calls, three events to each, one answer of which would like to be part of the page.
fn long_history(calls: u64) -> String {
    let hostile = "</script><img src=\"http://example.com/x\" onerror=\"alert(1)\"><!--";
    let mut text = String::new();
    let mut seq = 0;
    let mut add = |at_ns: u64, mut value: serde_json::Value| {
        value["seq"] = json!(seq);
        value["at_ns"] = json!(at_ns);
        seq += 1;
        let _ = writeln!(text, "{value}");
    };
    add(
        0,
        json!({"kind": "started", "run": "r", "scenario": "long", "stack": "codabench", "runtime": "process", "seed": 1, "mutant": null}),
    );
    for n in 0..calls {
        let (at, id) = (n * 1_000_000, (n % 400).to_string());
        let body = if n == 7 {
            hostile.to_owned()
        } else {
            format!(
                "status={}&status_details=",
                ["Preparing", "Running", "Scoring", "Finished"][(n / 400).min(3) as usize]
            )
        };
        let head = |body: &str| json!({"headers": [["content-type", "application/x-www-form-urlencoded"]], "body": body, "body_bytes": body.len()});
        add(
            at,
            json!({"kind": "asked", "exchange": n, "client": "worker", "service": "site", "port": 8000, "method": "PATCH",
            "path": format!("/api/submissions/{id}/"), "call": "update status", "captures": {"submission": id}}),
        );
        add(
            at + 400_000,
            json!({"kind": "answered", "exchange": n, "call": "update status", "captures": {"submission": id},
            "request": head(&body), "status": if n == 7 { 500 } else { 200 }, "response": head("{}")}),
        );
        add(
            at + 500_000,
            json!({"kind": "delivered", "exchange": n, "seen": {"as": "answer", "status": 200, "body_bytes": 2}}),
        );
    }
    add(calls * 1_000_000, json!({"kind": "phase", "name": "down"}));
    text
}

fn many_events() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file("long/history.jsonl", &long_history(3400));
    let stack = codabench().display().to_string();
    let args = [
        "check",
        "long",
        "--stack",
        &stack,
        "--out",
        "out",
        "--invariant",
        "effect before status",
    ];
    scratch
        .shakedown(&args)
        .exits(1)?
        .says(&["report: out/report.html"])?;
    let tab = Tab::open(&scratch.path("out/report.html"))?;
    tab.until("document.querySelector('canvas').dataset.drawn > 0")?;
    tab.js("window.at = () => document.querySelector('canvas').dataset; window.rows = () => document.querySelectorAll('.rows-body .row').length")?;
    tab.js("[...document.querySelectorAll('.toolbar button')].find(one => one.innerText === 'Whole run').click()")?;
    tab.until("at().from < 0")?;
    tab.holds("document.querySelector('.event-table').innerText.includes('10202 events')")?;
    // However many there are, only so many are drawn and only so many rows exist.
    tab.holds("at().drawn > 200 && at().drawn < 3000 && rows() < 80")?;
    tab.js("document.querySelector('.events').scrollTop = 1e9")?;
    tab.until("[...document.querySelectorAll('.rows-body .what')].some(one => one.innerText.includes('phase: down'))")?;
    tab.holds("rows() < 80")?;
    // Close up, what is far off is not drawn at all.
    tab.js("location.hash = '#s0-e6000'")?;
    tab.until("at().selected === '6000'")?;
    tab.js("for (let i = 0; i < 12; i += 1) document.querySelector('canvas').dispatchEvent(new KeyboardEvent('keydown', {key: '+'}))")?;
    tab.until("at().to - at().from < 20000")?;
    tab.holds("at().drawn > 5 && at().drawn < 100 && at().from <= 1999500 && at().to >= 1999500")?;
    // A body that looks like markup is text.
    tab.js("location.hash = '#s0-e23'")?;
    tab.until("document.querySelector('.details').innerText.includes('</script><img src=')")?;
    tab.holds("document.querySelector('img') === null")?;
    tab.is_content()
}

fn readers() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let tab = broken(&scratch)?;
    tab.until("document.querySelector('canvas').dataset.drawn > 0")?;
    // Ground and text of everything that can be seen, in both schemes.
    for scheme in ["light", "dark"] {
        tab.scheme(scheme)?;
        tab.until(&format!(
            "matchMedia('(prefers-color-scheme: {scheme})').matches"
        ))?;
        let faint = tab.text(FAINT)?;
        check(faint.is_empty(), || {
            format!("too faint in {scheme}: {faint}")
        })?;
        picture(&tab, scheme)?;
    }
    tab.scheme("light")?;
    for (width, size) in [(390, "100%"), (1280, "200%"), (390, "150%")] {
        tab.size(width, 844)?;
        tab.js(&format!(
            "document.documentElement.style.fontSize = '{size}'"
        ))?;
        tab.until(&format!("innerWidth === {width}"))?;
        tab.until("Math.abs(document.querySelector('canvas').clientWidth - document.querySelector('.frame').clientWidth) <= 1")?;
        // What the page sizes itself follows its layout.
        let fits = tab.until(&format!("{WIDE} === ''"));
        let wide = tab.text(WIDE)?;
        check(fits.is_ok(), || format!("{width} at {size}: {wide}"))?;
        tab.holds("document.querySelector('canvas').clientHeight > 6 * parseFloat(getComputedStyle(document.documentElement).fontSize)")?;
        picture(&tab, &format!("{width}-{size}"))?;
    }
    tab.js("document.documentElement.style.fontSize = ''")?;
    tab.size(1280, 900)?;
    let paper = tab.paper()?;
    check(paper.starts_with(b"%PDF") && paper.len() > 20_000, || {
        format!("{} bytes of paper", paper.len())
    })?;
    if let Some(folder) = pictures() {
        std::fs::write(folder.join("paper.pdf"), &paper)?;
    }
    tab.is_content()
}

/// What reaches beyond the right edge of a page that has to be scrolled sideways.
const WIDE: &str = "(() => { \
    const page = document.documentElement; \
    if (page.scrollWidth <= innerWidth) return ''; \
    const beyond = [...document.body.querySelectorAll('*')].map(one => [one, one.getBoundingClientRect().right]) \
      .filter(([, right]) => right > innerWidth); \
    return `${page.scrollWidth} of ${innerWidth}: ` \
      + beyond.map(([one, right]) => `${one.tagName}.${one.className} to ${right}`).join(', '); })()";

/// The texts that do not stand out from their ground by 4.5 to 1.
const FAINT: &str = "(() => { \
    const parse = (colour) => (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number); \
    const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; }; \
    const ground = (one) => { for (; one; one = one.parentElement) { const c = parse(getComputedStyle(one).backgroundColor); if (c.length < 4 || c[3] > 0.99) return c; } return [255, 255, 255]; }; \
    const faint = new Set(); \
    for (const one of document.querySelectorAll('body *')) { \
        if (!one.offsetParent || one.closest('svg, script, .unseen') || ![...one.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue; \
        const [a, b] = [light(parse(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x); \
        if ((a + 0.05) / (b + 0.05) < 4.5) faint.add(one.tagName + '.' + one.className + ' ' + one.innerText.slice(0, 20)); \
    } \
    return [...faint].join('; '); })()";

/// Where pictures go, if somebody wants to look at them: `REPORT_PICTURES`.
fn pictures() -> Option<std::path::PathBuf> {
    std::env::var_os("REPORT_PICTURES").map(Into::into)
}

fn picture(tab: &Tab, name: &str) -> Result<(), Failed> {
    match pictures() {
        Some(folder) => tab.picture(&folder.join(format!("{name}.png"))),
        None => Ok(()),
    }
}

fn matrix() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let text = std::fs::read_to_string(codabench())?;
    let compose = codabench().with_file_name("compose.yaml");
    let (stack, _) = text.split_once("\nmutants:\n").ok_or("no mutants")?;
    let stack = stack.replace(
        "compose: compose.yaml",
        &format!("compose: {}", compose.display()),
    );
    let stack = format!(
        "{stack}\nmutants:\n  caught: {{service: worker, environment: {{MUTANT: finished-before-upload}}, caught_by: [effect before status], catalogue: [C1, C9]}}\n  \
         harmless: {{service: worker, environment: {{HARMLESS: yes}}, caught_by: [effect before status], catalogue: [C2]}}\n"
    );
    let stack = scratch.file("shakedown.yaml", &stack).display().to_string();
    let calm = format!(
        "Feature: f\n\n  @C2\n  Scenario: all is calm\n    {GIVEN}\n    {SUBMIT}\n    {JUDGE}\n\n  \
        @C1\n  Scenario: the scores come late\n    {GIVEN}\n    {SUBMIT}\n    {JUDGE}\n"
    );
    let feature = scratch.file("a.feature", &calm).display().to_string();
    let args = [
        "mutants",
        &feature,
        "--stack",
        &stack,
        "--out",
        "out",
        "--runtime",
        "process",
    ];
    scratch
        .shakedown(&args)
        .exits(1)?
        .says(&["report: out/report.html"])?;
    let tab = Tab::open(&scratch.path("out/report.html"))?;
    tab.holds("document.querySelector('.sentence').innerText.startsWith('1 of 2 planted bugs')")?;
    tab.holds(
        "document.querySelector('.why').innerText.includes('The planted bug harmless survived')",
    )?;
    tab.js("window.cells = () => [...document.querySelectorAll('.matrix tbody tr')].map(row => row.querySelector('th').innerText.replace(/\\s+/g, ' ').trim() + ': ' + [...row.querySelectorAll('td.cell')].map(cell => cell.className.split(' ')[1]).join()).join('; ')")?;
    tab.holds(
        "cells() === '✓ killed caught: untried,killed; ✗ survived harmless: survived,survived'",
    )?;
    tab.js("[...document.querySelectorAll('#matrix button')].find(one => one.innerText === 'Rows of the catalogue').click()")?;
    tab.holds("cells() === '✓ killed C1: untried,killed; ✗ survived C2: survived,survived; ✓ killed C9: untried,killed'")?;
    tab.js("document.querySelector('.cell.killed a').click()")?;
    tab.until("document.querySelector('.scenario .body:not([hidden])')?.closest('.scenario').innerText.includes('bug: caught')")?;
    tab.is_content()
}
