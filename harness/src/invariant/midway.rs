//! Entities that an export does not show from their first status on: what went before is not known.

use super::finding::{Fate, Tale};
use crate::entity::{Kind, View};
use crate::stack::Pattern;

/// What depends on what was before anything that was told of an entity.
pub(super) fn unknown(why: &str, view: &View<'_>) -> Fate {
    let shown = match view.record.first_told() {
        Some(status) => format!("the export first tells of it as {status}"),
        None => "the export does not show how it began".to_owned(),
    };
    Fate::Unknown(format!("{why}, but {shown}: what was before is not known").into())
}

/// What rests on a beginning that turns out to be none: first statuses are told again and again.
pub(super) fn doubt(kind: &Kind, pattern: &Pattern, tale: &mut Tale) {
    let whole = |pattern: &Pattern| {
        matches!(
            pattern,
            Pattern::AtMost { .. }
                | Pattern::Moves
                | Pattern::Share { .. }
                | Pattern::Balance { .. }
                | Pattern::Quantile { .. }
        )
    };
    if !kind.is_exported() || whole(pattern) {
        return;
    }
    for (number, fate) in tale.fates.iter_mut().enumerate() {
        if let Fate::Broken(breach) = fate
            && !breach.whatever
            && !kind.trusts_beginning(number)
        {
            *fate = unknown(&breach.why, &kind.view(number));
        }
    }
}
