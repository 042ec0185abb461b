//! Entities that some sources tell of and others never do: often these call them by another name.

use super::Finding;
use super::basis::Basis;
use crate::entity::{Kind, View};
use crate::verdict::Verdict;
use std::collections::BTreeSet;

/// A note for an invariant that rests on several sources and does not hold of an entity that not all of them knew.
pub(super) fn note(kind: &Kind, basis: &Basis, finding: &Finding) -> Option<String> {
    if finding.verdict == Verdict::Held || basis.sources.len() < 2 {
        return None;
    }
    let noun = &kind.entity().name;
    let id = finding.entity.as_ref()?.strip_prefix(&format!("{noun} "))?;
    let all = || (0..kind.len()).map(|number| kind.view(number));
    let one = all().find(|view| view.id == id)?;
    let own = one.sources();
    let namesake = |view: &View<'_>| {
        let other = view.sources();
        own.is_disjoint(&other) && (own.len() == 1 || other.len() == 1)
    };
    let told = listed(&own);
    if let Some(other) = all().find(namesake) {
        let (others, aliased) = (listed(&other.sources()), other.id);
        return Some(format!(
            "of {noun} {id} only {told} told, and of {noun} {aliased} only {others}: if these are the same, one rule's \
             `id` or `aliases: {{id: {{...}}}}` must make one name of both"
        ));
    }
    let usual = all().any(|view| view.sources().len() > 1);
    (own.len() == 1 && usual).then(|| {
        format!(
            "of {noun} {id} only {told} told, of others several sources did: if another one has another name for it, its \
             rule's `id` or `aliases: {{id: {{...}}}}` must say so"
        )
    })
}

fn listed(sources: &BTreeSet<&str>) -> String {
    let all = sources.iter().map(|source| format!("`{source}`"));
    all.collect::<Vec<_>>().join(" and ")
}
