//! Entities that an export does not show from their first status on: what went before is not known.

use super::finding::{Fate, Tale};
use crate::entity::Kind;
use crate::stack::Pattern;

/// What went before anything that was told may have been what was missing.
pub(super) fn doubt(kind: &Kind, pattern: &Pattern, tale: &mut Tale) {
    if !matches!(pattern, Pattern::Precedence { .. }) {
        return;
    }
    for (number, fate) in tale.fates.iter_mut().enumerate() {
        if let Fate::Broken(breach) = fate
            && let Some(status) = kind.view(number).midway()
        {
            *fate = unknown(&breach.why, status);
        }
    }
}

/// What depends on what was before the first status that was told.
pub(super) fn unknown(why: &str, status: &str) -> Fate {
    let why = format!(
        "{why}, but the export first tells of it as {status}: what was before is not known"
    );
    Fate::Unknown(why.into())
}
