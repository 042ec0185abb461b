//! A summary in Markdown, for any CI: the verdict first, a table of the scenarios, and each failure with its proof.

use super::console::mark;
use super::results::{Results, headline, name};
use super::summary::summary;
use super::violation;
use super::{MutantResult, Systems};
use crate::count;
use crate::duration::seconds;
use crate::engine::Outcome;
use crate::invocation::Played;
use crate::verdict::Verdict;
use std::fmt::Write;

/// So many failures are told in full; a summary that is too long is shown by nobody.
const MAX_TOLD: usize = 30;
/// So much is quoted of one of them. GitHub takes a summary of 1 MiB.
const MAX_STORY_BYTES: usize = 12 * 1024;

/// The text of the summary.
pub fn markdown(results: &Results<'_>) -> String {
    let mut text = String::new();
    let verdict = results.verdict;
    match results.mutants {
        [] => drop(writeln!(
            text,
            "## {} shakedown: {verdict}\n",
            mark(verdict)
        )),
        mutants => planted(&mut text, mutants, results),
    }
    let lines = summary(results.played, Some(results.seed.0));
    let (notes, lines): (Vec<&str>, Vec<&str>) =
        lines.lines().partition(|line| line.starts_with("note: "));
    // The last of them counts.
    for line in lines.iter().rev() {
        let _ = writeln!(text, "{}\n", plain(line));
    }
    table(&mut text, results.played);
    let failed = results.failed();
    for one in failed.iter().take(MAX_TOLD) {
        failure(&mut text, one, results);
    }
    if failed.len() > MAX_TOLD {
        let more = failed.len() - MAX_TOLD;
        let _ = writeln!(text, "\n{more} more did not hold; `run.json` has them all.");
    }
    if !notes.is_empty() {
        text.push_str("\n<details><summary>Notes</summary>\n\n");
        for note in notes {
            let _ = writeln!(text, "- {}", plain(note.trim_start_matches("note: ")));
        }
        text.push_str("\n</details>\n");
    }
    text
}

/// Which planted bugs were killed, and what the scenarios come to without any.
fn planted(text: &mut String, mutants: &[MutantResult], results: &Results<'_>) {
    let killed = mutants.iter().filter(|mutant| mutant.killed()).count();
    let all = match (killed == mutants.len(), results.verdict) {
        (true, verdict) => verdict,
        (false, _) => Verdict::Violated,
    };
    let _ = writeln!(
        text,
        "## {} shakedown: {killed} of {} killed, without them {}\n",
        mark(all),
        count::of(mutants.len(), "planted bug"),
        results.verdict
    );
    let scenarios = |stack: &str| {
        let own = results.played.iter();
        own.filter(|one| one.job.stack.name == stack).count()
    };
    let _ = writeln!(text, "{}\n", Systems::new(mutants, scenarios));
    for mutant in mutants.iter().filter(|mutant| !mutant.killed()) {
        let why = mutant.reason.as_deref().unwrap_or_default();
        let (name, stack) = (plain(&mutant.name), plain(&mutant.stack));
        let _ = writeln!(text, "- ✗ {name} of {stack}: {}", plain(why));
    }
    text.push('\n');
}

fn table(text: &mut String, played: &[Played]) {
    text.push_str(
        "| | scenario | verdict | control run | time | where |\n|---|---|---|---|---|---|\n",
    );
    for one in played {
        let place = &one.job.plan.place;
        let control = one.control.as_ref();
        let control = control.map_or_else(|| "–".to_owned(), |control| control.verdict.to_string());
        let _ = writeln!(
            text,
            "| {} | {} | {} | {control} | {} | {} |",
            mark(one.verdict),
            plain(&name(one)),
            one.verdict,
            seconds(one.outcome.duration.as_nanos() as u64),
            plain(&format!("{}:{}", place.file.display(), place.line))
        );
    }
}

fn failure(text: &mut String, one: &Played, results: &Results<'_>) {
    let _ = writeln!(text, "\n### {} {}\n", mark(one.verdict), plain(&name(one)));
    let _ = writeln!(text, "{}\n", plain(&headline(one)));
    let proofs = proofs(one);
    if !proofs.is_empty() {
        text.push_str(&block("text", &proofs));
    }
    text.push_str("Repeat it:\n\n");
    text.push_str(&block("sh", &(results.repeat)(one)));
    text.push_str("<details><summary>The whole story</summary>\n\n");
    text.push_str(&block("text", &results.story(one)));
    text.push_str("</details>\n");
}

/// What proves the violations of a scenario, and of its control run.
fn proofs(one: &Played) -> String {
    let mut text = String::new();
    let mut add = |run: &Outcome, prefix| {
        let findings = run.findings.iter();
        for finding in findings.filter(|finding| finding.verdict == Verdict::Violated) {
            violation::tell(&mut text, finding, prefix);
        }
    };
    add(&one.outcome, "");
    if let Some(control) = one
        .control
        .as_ref()
        .filter(|_| one.outcome.verdict != one.verdict)
    {
        add(control, "control run: ");
    }
    text
}

/// Text as it is, between fences that it does not have.
fn block(language: &str, text: &str) -> String {
    let text = super::printable::printable(text);
    let mut end = text.len().min(MAX_STORY_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let more = if end < text.len() { "\n..." } else { "" };
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!(
        "{fence}{language}\n{}{more}\n{fence}\n\n",
        text[..end].trim_end()
    )
}

/// Text in which nothing is markup; one line.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in super::printable::printable(text).chars() {
        match c {
            '\n' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            // Names stand between backticks, which may stay where they are pairs; in a cell, a bar never may.
            '|' | '*' | '_' | '[' | ']' | '\\' | '`' | '#' | '@' | '~' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            plain("a | *b*\n<c> `d` @e"),
            "a \\| \\*b\\* &lt;c> \\`d\\` \\@e"
        );
        assert_eq!(block("sh", "a ``` b"), "````sh\na ``` b\n````\n\n");
        let long = block("text", &"ä".repeat(MAX_STORY_BYTES));
        assert!(
            long.len() < MAX_STORY_BYTES + 100 && long.contains("ä\n..."),
            "{}",
            long.len()
        );
    }
}
