//! What services need as local processes: their programs, and disks of their own.

use super::{Finding, Level};
use crate::runtime::process;
use crate::stack::Stack;

const ABOUT: &str = "programs";

pub(super) fn look(stacks: &[Stack]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = stacks.iter().flat_map(without_program).collect();
    if findings.is_empty() && !stacks.is_empty() {
        findings.push(Finding::fine(
            ABOUT,
            "each service can be started as a local process",
        ));
    }
    let disks = |stack: &&Stack| {
        stack
            .services
            .values()
            .any(|service| service.disk.is_some())
    };
    if let Some(stack) = stacks.iter().find(disks) {
        findings.push(disk(&stack.name, process::try_disk()));
    }
    findings
}

fn without_program(stack: &Stack) -> Vec<Finding> {
    let missing = stack.missing_programs().into_iter().map(|problem| {
        let help = problem.help.unwrap_or_default();
        Finding::bad(
            Level::Failed,
            ABOUT,
            format!("stack `{}`: {}", stack.name, problem.what),
            help,
        )
    });
    let silent = stack
        .services
        .values()
        .filter(|service| service.process.is_none());
    let names: Vec<&str> = silent.map(|service| service.name.as_str()).collect();
    let silent = (!names.is_empty()).then(|| {
        let what = format!(
            "stack `{}`: nothing says how `{}` would run as local processes",
            stack.name,
            names.join("`, `")
        );
        let help =
            "start Docker, or add `x-shakedown: {process: [program, argument]}` to each of them";
        Finding::bad(Level::Failed, ABOUT, what, help)
    });
    missing.chain(silent).collect()
}

fn disk(stack: &str, tried: Result<(), String>) -> Finding {
    match tried {
        Ok(()) => Finding::fine(
            "disks",
            format!("services of `{stack}` can have disks of their own"),
        ),
        Err(why) => Finding::bad(
            Level::Warning,
            "disks",
            format!(
                "services of `{stack}` cannot have disks of their own here, so none can be full: {why}"
            ),
            "run as root, allow user namespaces (`sysctl kernel.unprivileged_userns_clone=1`), or use `--runtime docker`",
        ),
    }
}
