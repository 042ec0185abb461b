//! What `shakedown lint` warns of.

use crate::lanes::trial;
use crate::support::{Case, Scratch, check, codabench, root};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 8] = [
        ("a fault that ends before it can strike", unawaited),
        ("a fault on what is asked in turn", in_turn),
        ("ports and hosts that nobody has", nobody),
        ("a fault behind all that it could strike", unmet),
        ("a fault that cannot come to pass", impossible),
        ("scenarios of one name", alike),
        ("a program that is not there", programs),
        ("nothing about our own features", ours),
    ];
    let case = |(name, run): Case| trial(format!("lint: {name}"), run);
    cases.into_iter().map(case).collect()
}

/// Lints steps on the Codabench stack: all that is warned of are these, each at its line, counted from the first step.
fn warned(steps: &[&str], warnings: &[(&str, usize)]) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let steps = steps.join("\n    ");
    scratch.file(
        "a.feature",
        &format!(
            "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    {steps}\n    \
             Then every invariant holds\n"
        ),
    );
    let stack = codabench().display().to_string();
    let said = scratch.shakedown(&["lint", "a.feature", "--stack", &stack]);
    let said = said
        .exits(0)?
        .says(&[&format!("warnings: {})", warnings.len())])?;
    for (told, step) in warnings {
        let words = format!("warning: {told}\n  where: a.feature:{}:", step + 4);
        check(said.stderr.contains(&words), || said.all())?;
    }
    Ok(())
}

const ENDS: &str = "no step waits while this fault is in force: it ends once the requests before its end are \
                    answered, and what services do later is not struck";
const NO_WORK: &str =
    "no workload runs while this fault is in force: nothing comes that it could strike";
const WORK: &str = "When \"submit\" runs 2 times";
const WAIT: &str = "And every submission is final within 60s";
const HEAL: &str = "And all faults are healed";

fn unawaited() -> Result<(), Failed> {
    let (work, wait) = (WORK, WAIT);
    let ends = &[(ENDS, 0)][..];
    for later in [
        "Given the call \"upload scores\" answers 503 once",
        "Given the service \"worker\" is killed when \"scores stored\" happens, once",
        "Given the service \"site\" is paused when submission reaches \"Scoring\", once",
        "Given the service \"worker\" is killed after \"upload scores\" is answered, once",
        "Given the link \"worker -> site\" is slow by 5ms",
    ] {
        warned(&[later, work], ends)?;
        warned(&[later, work, wait], &[])?;
        // It strikes what the first work leads to.
        warned(&[later, work, wait, work], &[])?;
        warned(&[later, wait, work], ends)?;
        warned(&[later, work, HEAL, wait], ends)?;
        warned(&[later, work, wait, HEAL, work], &[])?;
    }
    for at_once in [
        "Given the call \"create submission\" answers 503 once",
        "Given the service \"worker\" is killed",
        "Given the service \"worker\" is killed after \"create submission\" is answered, once",
        "Given the link \"workload -> site\" is slow by 5ms",
        "Given the link \"site -> storage\" is slow by 5ms",
        "Given the service \"worker\" is killed when submission reaches \"Submitted\", once",
    ] {
        warned(&[at_once, work], &[])?;
    }
    Ok(())
}

/// Lints one scenario on a stack of three services, of which each asks the next.
fn chain(urls: [&str; 3], steps: &str) -> Result<String, Failed> {
    let scratch = Scratch::new();
    let [web, orders, asked] = urls;
    let compose = format!(
        "services:\n  web: {{image: a, expose: [\"8000\"], environment: {{ORDERS_URL: \"{web}\"}}}}\n  \
         orders: {{image: b, expose: [\"9000\"], environment: {{PAYMENTS_URL: \"{orders}\"}}}}\n  \
         payments: {{image: c, expose: [\"9100\"]}}\n"
    );
    scratch.file("compose.yaml", &compose);
    let stack = format!(
        "stack: s\ncompose: compose.yaml\ncalls:\n  ask: {{link: web -> orders, request: \"POST /orders\"}}\n  \
         charge: {{link: orders -> payments, request: \"POST /charges/{{order}}\"}}\nentities:\n  order:\n    \
         status: {{field: status, final: [paid]}}\n    learn: [{{call: charge, set: {{status: '\"paid\"'}}}}]\n\
         workloads: {{buy: {{request: \"POST {asked}/orders\"}}}}\n\
         invariants: {{it ends: {{for: order, eventually: status in final, within: 5s}}}}\n"
    );
    scratch.file("shakedown.yaml", &stack);
    let feature = format!(
        "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    {steps}\n    Then every invariant holds\n"
    );
    scratch.file("a.feature", &feature);
    Ok(scratch.shakedown(&["lint", "a.feature"]).exits(0)?.all())
}

const URLS: [&str; 3] = [
    "http://orders:9000",
    "http://payments:9100",
    "http://web:8000",
];

fn in_turn() -> Result<(), Failed> {
    let steps = "And the call \"charge\" answers 503 once\n    When \"buy\" runs once";
    let said = chain(URLS, steps)?;
    check(said.contains("warnings: 0)"), || said.clone())
}

fn nobody() -> Result<(), Failed> {
    let work = "When \"buy\" runs once";
    let [web, orders, asked] = URLS;
    for (urls, warnings) in [
        (URLS, &[][..]),
        (
            [
                "postgres://a:b@example.org/orders",
                "http://localhost:1",
                asked,
            ],
            &[],
        ),
        (
            ["http://ordes:9000", "http://bank:80", asked],
            &[
                "`ORDERS_URL` of service `web` names the host `ordes`, which no service has",
                "did you mean `orders`?",
                "`PAYMENTS_URL` of service `orders` names the host `bank`, which no service has",
                "there are: `web`, `orders`, `payments`",
            ],
        ),
        (
            [web, orders, "http://web:8001"],
            &[
                "the workload `buy` asks `web` at port 8001",
                "its ports are 8000",
            ],
        ),
    ] {
        let said = chain(urls, work)?;
        for words in warnings {
            check(said.contains(words), || format!("no {words}\n{said}"))?;
        }
        let warned = said.contains("names the host") || said.contains("at port");
        check(warned != warnings.is_empty(), || said.clone())?;
    }
    Ok(())
}

fn unmet() -> Result<(), Failed> {
    let no_work = &[(NO_WORK, 1)][..];
    for of_workload in [
        "Given the call \"create submission\" answers 503 once",
        "Given the link \"workload -> site\" is slow by 5ms",
        "Given the service \"worker\" is killed after \"create submission\" is answered, once",
    ] {
        warned(&[WORK, of_workload], no_work)?;
        warned(&[WORK, of_workload, WAIT], no_work)?;
        warned(&[WORK, of_workload, HEAL, WORK], no_work)?;
        warned(&[WORK, of_workload, WORK], &[])?;
    }
    // What the service that is asked does by itself may still be struck while a step waits.
    let by_itself = "Given the link \"site -> storage\" is slow by 5ms";
    warned(&[WORK, by_itself], no_work)?;
    warned(&[WORK, by_itself, WAIT], &[])?;
    warned(&[WORK, "Given the service \"worker\" is killed"], &[])?;
    let later = "Given the call \"upload scores\" answers 503 once";
    warned(&[WORK, later], &[(ENDS, 1)])?;
    warned(&[WORK, later, WAIT], &[])
}

fn impossible() -> Result<(), Failed> {
    let alone = |fault: &str, told: &str| warned(&[fault, WORK, WAIT], &[(told, 0)]);
    alone(
        "Given the link \"site -> worker\" is cut",
        "`worker` has no port, so nothing goes from `site` to it",
    )?;
    alone(
        "Given the link \"queue -> site\" is cut",
        "nothing tells `queue` of `site`, so nothing may go on this link",
    )?;
    let third = "Given the call \"create submission\" answers 503 the 3rd time";
    let told = "`create submission` is made by the workload alone, and 2 times at most while this fault is in force: there is no number 3";
    alone(third, told)?;
    warned(&[third, WORK, WORK, WAIT], &[])?;
    alone(
        "Given the call \"upload scores\" hangs until \"upload scores\" is answered",
        "`upload scores` is never answered while this fault keeps it from being so",
    )?;
    alone(
        "Given the service \"worker\" is stopped until \"update status\" is sent",
        "`worker` itself makes `update status`, and is stopped until then",
    )?;
    for possible in [
        "Given the link \"worker -> site\" is cut",
        "Given the call \"upload scores\" answers 503 the 9th time",
        "Given the call \"upload scores\" hangs once until \"upload scores\" is answered",
        "Given the service \"worker\" is stopped until \"create submission\" is answered",
    ] {
        warned(&[possible, WORK, WAIT], &[])?;
    }
    Ok(())
}

fn alike() -> Result<(), Failed> {
    let scenario = |name: &str| {
        format!(
            "  Scenario: {name}\n    Given the stack \"codabench\"\n    \
             When \"submit\" runs 1 times\n    Then every invariant holds\n"
        )
    };
    let outline = scenario("rows").replace("Scenario:", "Scenario Outline:");
    let outline = outline.replace("1 times", "<n> times")
        + "    Examples:\n      |n|\n      |1|\n      |2|\n";
    let all = [scenario("a"), scenario("b"), scenario("a"), outline].concat();
    let scratch = Scratch::new();
    scratch.file("a.feature", &format!("Feature: f\n{all}"));
    scratch.file("b.feature", &format!("Feature: f\n{}", scenario("a")));
    let stack = codabench().display().to_string();
    let said = scratch.shakedown(&["lint", "a.feature", "b.feature", "--stack", &stack]);
    said.exits(0)?.says(&[
        "warnings: 1)",
        "warning: the scenario \"a\" is called as the one at a.feature:2:3\n  where: a.feature:10:3",
    ])?;
    Ok(())
}

fn programs() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file(
        "shakedown.yaml",
        "stack: s\ncompose: compose.yaml\nworkloads: {go: {request: \"GET http://w:80/\"}}\n",
    );
    let compose = "services: {w: {image: x, x-shakedown: {process: [./nowhere]}}}\n";
    scratch.file("compose.yaml", compose);
    let steps = "Given the stack \"s\"\n    When \"go\" runs once\n    Then every invariant holds";
    scratch.file(
        "a.feature",
        &format!("Feature: f\n  Scenario: s\n    {steps}\n"),
    );
    let said = scratch.shakedown(&["lint", "a.feature"]);
    let told = "warning: as a local process, `w` cannot be started: `./nowhere` does not exist";
    said.exits(0)?.says(&["warnings: 1)", told])?;
    Ok(())
}

fn ours() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let features = root().join("features").display().to_string();
    let mut command = scratch.command(&["lint", &features]);
    let said = command.current_dir(root()).output()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let clean = said.status.success() && text.contains("warnings: 0)");
    check(clean, || text)
}
