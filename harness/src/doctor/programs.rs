//! What services need as local processes: their programs, and disks of their own.

use super::{Finding, Level};
use crate::problem::Problem;
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
    let problems = stack.missing_programs().into_iter();
    let problems = problems.chain(stack.mistakes_as_processes().0);
    let finding = |problem: Problem| {
        let what = format!("stack `{}`: {}", stack.name, problem.what);
        Finding::bad(Level::Failed, ABOUT, what, problem.help.unwrap_or_default())
    };
    problems.map(finding).collect()
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
