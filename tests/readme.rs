//! The README's own files: what a new user copies has no mistakes.

use crate::support::{Scratch, check, root};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    vec![Trial::test(
        "readme: its first scenario has no mistakes",
        first_scenario,
    )]
}

/// The services that the README's stack file speaks of.
const COMPOSE: &str = "\
services:
  web: {image: web, ports: [\"8000:8000\"]}
  orders: {image: orders, environment: {WEB_URL: \"http://web:8000\", PAYMENTS_URL: \"http://payments:9000\"}}
  payments: {image: payments, expose: [\"9000\"]}
";

fn first_scenario() -> Result<(), Failed> {
    let readme = std::fs::read_to_string(root().join("README.md"))?;
    let block = |language: &str| -> Result<String, Failed> {
        let from = readme.split(&format!("```{language}\n")).nth(1);
        let text = from.and_then(|rest| rest.split("```").next());
        let text = text.ok_or_else(|| format!("the README has no block of {language}"))?;
        Ok(text.to_owned())
    };
    let scratch = Scratch::new();
    scratch.file("compose.yaml", COMPOSE);
    scratch.file("shakedown.yaml", &block("yaml")?);
    scratch.file("features/charge.feature", &block("gherkin")?);
    let said = scratch.shakedown(&["lint"]).exits(0)?;
    check(
        said.stdout.contains("scenarios: 1, stacks: 1, warnings: 0"),
        || said.all(),
    )
}
