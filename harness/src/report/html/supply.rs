//! What would supply the evidence that is missing, in words.

use crate::fault::Receipt;
use crate::invariant::Finding;
use crate::verdict::Verdict;

/// For a fault that proves nothing.
pub(super) fn of_receipt(receipt: &Receipt) -> Option<&'static str> {
    receipt.missing.as_ref()?;
    Some(match receipt {
        _ if receipt.armed == 0 => {
            "let the run come to this step: what ended it before is told above"
        }
        _ if receipt.late => {
            "let what it waits for come sooner, or let it wait longer: it was over before that came"
        }
        _ if receipt.matched == 0 => {
            "play work that makes this call or comes to this moment, or correct `link` and `request` of the call in the \
             stack file"
        }
        _ if receipt.applied == 0 => {
            "play more work, or lower the count, so that the number that the fault waits for comes by"
        }
        _ if receipt.felt < receipt.applied => {
            "let callers stay until they have seen the fault: wait until all is final before faults are healed"
        }
        _ => "play more work for each entity, or lower the count of the fault",
    })
}

/// For an invariant of which nothing can be said.
pub(super) fn of_finding(finding: &Finding) -> Option<&'static str> {
    if finding.verdict != Verdict::Inconclusive {
        return None;
    }
    let reason = finding.reason.as_deref().unwrap_or_default();
    let says = |words: &str| reason.contains(words);
    Some(
        if says("nothing ever told") || says("no line of the data tells") {
            "correct the rules that are named, or play work that gives them something to tell"
        } else if says("the scope never began") {
            "play work in which the condition of `after` comes true for some entity"
        } else if says("was ever seen") {
            "play work that creates one, and see that `creates` or a rule of the stack file names it"
        } else if finding.unwitnessed {
            "play a scenario in which this comes true for some entity; or let the last step name the invariants that count here"
        } else if says("could not look") {
            "let the observer look: see its service's log, or raise `every`"
        } else if says("could not be applied") {
            "correct the rule that is named: what it reads is not there or is of another kind"
        } else if says("the run ended") || says("after the data ends") {
            "let the run go on until it is decided: wait for it with `every ... is final within`, or raise `settle`"
        } else if says("overlap")
            || says("cannot be told")
            || says("may have been so")
            || says("between two looks")
        {
            "learn it from a call instead of a look, or look more often (`every`): the order of the two is not known"
        } else {
            "see the reason: it names what was not known"
        },
    )
}
