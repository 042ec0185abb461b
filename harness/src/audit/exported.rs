//! What was exported from production.

use super::{Case, undeclared};
use crate::count;
use crate::engine::Seen;
use crate::entity::Stamp;
use crate::export::{Batch, Export};
use crate::invariant::Judge;
use crate::invocation::Played;
use crate::problem::{Place, Problems};
use crate::stack::{Clock, Pattern, Stack};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::time::{Duration, Instant};

/// So many batches wait between the two threads at most.
const MAX_WAITING: usize = 8;

/// Judges exported lines by every invariant of a stack. They are read on a thread of their own. Lines may come late by
/// `disorder`.
///
/// # Errors
/// Every line that cannot be used, with its number; then nothing is judged.
pub fn exported(file: &Path, disorder: Duration, stack: &Arc<Stack>) -> Result<Played, Problems> {
    let begun = Instant::now();
    let mut judge = Judge::of_export(stack);
    let mut export = Export::new(file, disorder, stack, judge.entities_mut());
    let (full, fulls) = sync_channel::<Batch>(MAX_WAITING);
    let (empty, empties) = channel();
    let (read, base_ns) = std::thread::scope(|scope| {
        let export = &mut export;
        let reading = scope.spawn(move || {
            export.read(&mut |batch| {
                full.send(batch).ok()?;
                Some(empties.try_recv().unwrap_or_default())
            })
        });
        let base_ns = judge_all(&mut judge, &fulls, &empty);
        let read = reading.join();
        (read.expect("reading does not panic"), base_ns)
    });
    read?;
    let mut seen = Seen {
        findings: judge.findings(),
        notes: export.notes(),
        ..Seen::default()
    };
    seen.notes
        .extend(undeclared::notes(stack, judge.entities()));
    seen.notes.extend(limits(stack));
    seen.notes.extend(base_ns.and_then(beginning));
    seen.notes
        .push(format!("{} judged", count::were(export.judged(), "line")));
    let case = Case {
        file,
        stack,
        mutant: None,
        name: file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into(),
        place: Place::new(file, 1, 1),
        begun,
    };
    Ok(case.played(seen))
}

/// Judges batch after batch. Gives the time of the first fact.
fn judge_all(judge: &mut Judge, fulls: &Receiver<Batch>, empty: &Sender<Batch>) -> Option<i64> {
    let mut base_ns = None;
    for mut batch in fulls {
        for fact in batch.facts() {
            let at_ns = (fact.at_ns - *base_ns.get_or_insert(fact.at_ns)) as u64;
            let stamp = Stamp {
                at_ns,
                since_ns: at_ns,
                looked: false,
                seq: fact.line,
                source: fact.source,
            };
            judge.take(fact.kind, fact.id, stamp, fact.told);
        }
        batch.clear();
        // The reader may have come to its end.
        let _ = empty.send(batch);
    }
    base_ns
}

/// What cannot be told from such data, said out loud.
fn limits(stack: &Stack) -> Vec<String> {
    let healed = |pattern: &Pattern| {
        let clock = match pattern {
            Pattern::Response { clock, .. }
            | Pattern::Existence { clock, .. }
            | Pattern::Agree { clock, .. } => *clock,
            _ => Clock::Wall,
        };
        clock == Clock::Healed
    };
    let named = stack.invariants.values();
    let named = named.filter(|invariant| healed(&invariant.pattern));
    let names: Vec<&str> = named.map(|invariant| invariant.name.as_str()).collect();
    let mut notes = vec![
        "each line counts as one exact moment: calls that overlap are not told apart, and no call is evidence".to_owned(),
        "lines of one and the same time count in the order in which they stand".to_owned(),
    ];
    if !names.is_empty() {
        let names = names.join("`, `");
        notes.push(format!(
            "no fault is known here, so that all time counts (`clock: healed`) for `{names}`"
        ));
    }
    notes
}

/// When the first line was, if that is a date.
fn beginning(base_ns: i64) -> Option<String> {
    let time = jiff::Timestamp::from_nanosecond(base_ns.into()).ok()?;
    Some(format!("+0 s is {time}, and #7 is line 7"))
}

#[cfg(test)]
mod tests;
