//! Entities that an export does not show from their first status on: what went before is not known.

use super::finding::{Fate, Tale};
use crate::entity::{Told, View};
use crate::stack::Pattern;
use std::collections::HashMap;

/// The entities of which the first status that is told is not the one that they are declared to begin with.
#[derive(Default)]
pub(super) struct Midway {
    /// By kind and entity: the status was told already.
    told: Vec<Vec<bool>>,
    /// By kind and entity: what was told first instead of what it is declared to begin with.
    begun: HashMap<(usize, usize), Box<str>>,
}

impl Midway {
    /// A fact was told of an entity, and is part of its record.
    pub fn see(&mut self, kind: usize, view: &View<'_>, fact: &Told<'_>) {
        let Told::Field(field, _) = *fact else {
            return;
        };
        if !view.kind.is_status(field) {
            return;
        }
        if self.told.len() <= kind {
            self.told.resize(kind + 1, Vec::new());
        }
        let told = &mut self.told[kind];
        if told.len() <= view.number {
            told.resize(view.number + 1, false);
        }
        if std::mem::replace(&mut told[view.number], true) {
            return;
        }
        let declared = view.kind.entity().status.as_ref();
        let first = declared.and_then(|declared| declared.first.as_deref());
        let status = view.record.status();
        if let (Some(first), Some(status)) = (first, status)
            && first != status
        {
            self.begun.insert((kind, view.number), status.into());
        }
    }

    /// What broke for want of something earlier may have had it before the export began.
    pub fn doubt(&self, kind: usize, pattern: &Pattern, tale: &mut Tale) {
        if !matches!(pattern, Pattern::Moves | Pattern::Precedence { .. }) {
            return;
        }
        for (number, fate) in tale.fates.iter_mut().enumerate() {
            if let Fate::Broken(breach) = fate
                && let Some(status) = self.begun.get(&(kind, number))
            {
                let why = format!(
                    "{}, but the export first tells of it as {status}: what was before is not known",
                    breach.why
                );
                *fate = Fate::Unknown(why.into());
            }
        }
    }
}
