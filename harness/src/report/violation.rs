//! How an invariant was broken: by whom, when, and what proves it.

use crate::duration::seconds;
use crate::invariant::Finding;
use std::fmt::Write;

/// So many other entities that broke an invariant are named before they are only counted.
const MAX_NAMED: usize = 10;

/// Adds it to a story.
pub(super) fn tell(text: &mut String, finding: &Finding, prefix: &str) {
    let entity = finding.entity.as_deref().unwrap_or("the run");
    let _ = writeln!(text, "  {prefix}`{}` broke for {entity}", finding.invariant);
    for (i, proof) in finding.proof.iter().enumerate() {
        let label = if i == 0 { "proof:" } else { "" };
        let _ = writeln!(
            text,
            "    {label:<9} +{}  #{}  {}",
            seconds(proof.at_ns),
            proof.seq,
            proof.text
        );
    }
    let _ = writeln!(text, "    {:<9} {}", "expected:", finding.expected);
    if let Some(reason) = &finding.reason {
        let _ = writeln!(text, "    {:<9} {reason}", "because:");
    }
    for (i, fault) in finding.faults.iter().enumerate() {
        let _ = writeln!(
            text,
            "    {:<9} {fault}",
            if i == 0 { "under:" } else { "" }
        );
    }
    if let Some(others) = others(finding) {
        let _ = writeln!(text, "    {:<9} {others}", "also:");
    }
}

/// The other entities that broke an invariant as well: "7, 9 and 12", "7, 9, 12 and 8 more".
fn others(finding: &Finding) -> Option<String> {
    let others = finding.entities.get(1..)?;
    let mut named: Vec<String> = others.iter().take(MAX_NAMED).cloned().collect();
    let more = finding.broken.saturating_sub(1 + named.len() as u64);
    if more > 0 {
        named.push(format!("{more} more"));
    }
    let last = named.pop()?;
    Some(match named.is_empty() {
        true => last,
        false => format!("{} and {last}", named.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Verdict;

    #[test]
    fn ten_others_are_named_and_more_are_counted() {
        let check = |broken: u64, known: u64, expected: Option<&str>| {
            let finding = Finding {
                invariant: "i".to_owned(),
                verdict: Verdict::Violated,
                witnesses: 0,
                unwitnessed: false,
                entity: Some("order 1".to_owned()),
                entities: (1..=known).map(|id| id.to_string()).collect(),
                broken,
                reason: None,
                untold: None,
                doubt: None,
                sight: None,
                expected: String::new(),
                proof: Vec::new(),
                right: None,
                late_ns: None,
                measure: None,
                faults: Vec::new(),
            };
            assert_eq!(others(&finding).as_deref(), expected);
        };
        check(1, 1, None);
        check(2, 2, Some("2"));
        check(4, 4, Some("2, 3 and 4"));
        check(11, 11, Some("2, 3, 4, 5, 6, 7, 8, 9, 10 and 11"));
        check(12, 12, Some("2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 1 more"));
        check(
            5001,
            1000,
            Some("2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 4990 more"),
        );
    }
}
