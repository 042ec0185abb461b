//! Which evidence tells the status: calls that happen again when the feature plays, or else a poll, where only requests
//! from outside were told of it.

use super::entity::{CREATED, Entity, Rule};
use super::look::{Look, Telling};
use super::status::{Status, status};
use std::collections::BTreeMap;

/// Settles the status of an entity, and what tells it; rules that tell nothing are gone then.
pub(super) fn settle(entity: &mut Entity, looks: Vec<Look>) {
    let born = |rule: &&Rule| rule.event.as_deref() == Some(CREATED);
    let rules = || entity.rules.iter();
    let by_calls = seen(rules(), None);
    let finds = |look: &&Look| look.set.is_some();
    let by_born = |look: &Look| seen(rules().filter(born), Some(look));
    let by_all = |look: &Look| seen(rules(), Some(look));
    let poll = looks.iter().filter(finds).find_map(|look| {
        let alone = by_born(look).map(|found| (found, false));
        let found = alone.or_else(|| by_all(look).map(|found| (found, true)));
        Some((look.clone(), found?))
    });
    let told_all = |found: &Seen| {
        let mut later = looks.iter().flat_map(|look| &look.told);
        !later.any(|told| found.misses(told))
    };
    // One kind of evidence alone cannot contradict itself, so rules on calls count only where a poll is not needed, or
    // cannot do without them.
    let (found, look, calls) = match (by_calls, poll) {
        (Some(found), poll) if poll.is_none() || told_all(&found) => (Some(found), None, true),
        (_, Some((look, (found, calls)))) => (Some(found), Some(look), calls),
        (found, None) => (found, None, true),
    };
    let field = found.as_ref().map(|found| found.status.field.clone());
    for rule in &mut entity.rules {
        let tells = calls || born(&&*rule);
        let set = rule.set.take();
        rule.set = set.filter(|(name, _)| tells && Some(name) == field.as_ref());
    }
    entity
        .rules
        .retain(|rule| rule.event.is_some() || rule.set.is_some());
    entity.look = look.or_else(|| found.is_none().then(|| shows_all(&looks, &entity.ids))?);
    if let Some(found) = found {
        entity.ended_ns = found.ended_ns(entity);
        entity.status = Some(found.status);
    }
}

/// A poll to which all of them were shown, where none tells a status that changes.
fn shows_all(looks: &[Look], ids: &[String]) -> Option<Look> {
    let shows = |look: &&Look, id: &String| look.told.iter().any(|told| told.id == *id);
    let found = looks
        .iter()
        .find(|look| ids.iter().all(|id| shows(look, id)))?;
    Some(Look {
        set: None,
        ..found.clone()
    })
}

/// A status, and all that told it.
struct Seen {
    status: Status,
    /// By entity, in order.
    lives: BTreeMap<String, Vec<Telling>>,
    looked: bool,
}

/// The status that these tell, if they show it to change.
fn seen<'r>(rules: impl Iterator<Item = &'r Rule>, look: Option<&Look>) -> Option<Seen> {
    let rules = rules.filter_map(|rule| Some((&rule.set.as_ref()?.0, &rule.told)));
    let looks = look.iter();
    let looks = looks.filter_map(|look| Some((&look.set.as_ref()?.0, &look.told)));
    let all: Vec<(&String, &Vec<Telling>)> = looks.chain(rules).collect();
    let field = all.first()?.0;
    let same = all.iter().filter(|(name, _)| *name == field);
    let mut told: Vec<&Telling> = same.flat_map(|(_, told)| *told).collect();
    told.sort_by_key(|told| told.answered);
    let mut lives: BTreeMap<String, Vec<Telling>> = BTreeMap::new();
    for one in told.into_iter().filter(|told| told.value.is_some()) {
        lives.entry(one.id.clone()).or_default().push(one.clone());
    }
    let values = |life: &Vec<Telling>| life.iter().filter_map(|told| told.value.clone()).collect();
    let values = lives
        .iter()
        .map(|(id, life)| (id.clone(), values(life)))
        .collect();
    Some(Seen {
        status: status(field, &values)?,
        lives,
        looked: look.is_some(),
    })
}

impl Seen {
    /// Whether this is a status of an entity to which it did not come here, told later than all that it came to.
    fn misses(&self, told: &Telling) -> bool {
        let life = self.lives.get(&told.id);
        let last = life.and_then(|life| life.last());
        let later = last.is_none_or(|last| last.answered < told.answered);
        told.value.is_some() && later && last.map(|last| &last.value) != Some(&told.value)
    }

    /// Where each entity came to its end, the longest time that took. Whoever looked may have looked away too early: then
    /// one that ended is enough.
    fn ended_ns(&self, entity: &Entity) -> Option<u64> {
        let ends = |told: &&Telling| {
            let value = told.value.as_ref();
            value.is_some_and(|value| self.status.finals.contains(value))
        };
        let born = entity.rules.iter().find(|rule| rule.call == entity.born);
        let took = |id: &String| {
            let end = self.lives.get(id)?.iter().find(ends)?;
            let mut born = born.into_iter().flat_map(|rule| &rule.told);
            let born = born.find(|born| born.id == *id)?;
            Some(end.answered_ns.saturating_sub(born.answered_ns))
        };
        let took: Vec<Option<u64>> = entity.ids.iter().map(took).collect();
        match self.looked || took.iter().all(Option::is_some) {
            true => took.into_iter().flatten().max(),
            false => None,
        }
    }
}
