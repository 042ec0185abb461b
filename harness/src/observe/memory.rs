//! What the last look saw of each entity, and what of the next one is news.

use super::{Missed, Sighting};
use serde_json::Map;
use std::collections::{HashMap, HashSet};

/// Of the rule that a look is made for.
pub(super) struct Memory {
    /// Every row or item is an event: two of them are two. Of a rule that only says how things are, the last is what is so.
    counts: bool,
    /// What has happened to an entity that a look no longer sees.
    gone: Option<String>,
    last: HashMap<String, Vec<Sighting>>,
}

/// What a look tells.
#[derive(Debug, Default, PartialEq)]
pub(super) struct News {
    /// What the look before did not see; of what is gone, that it is.
    pub told: Vec<Sighting>,
    /// Those that are still taken to be as they were, although this look does not tell of them.
    pub kept: HashSet<String>,
}

impl News {
    /// Of a look that sees everything once.
    pub fn all(seen: Vec<Sighting>) -> News {
        News {
            told: seen,
            ..News::default()
        }
    }
}

impl Memory {
    /// Nothing has been seen yet.
    pub fn new(event: Option<&str>, gone: Option<&str>) -> Memory {
        Memory {
            counts: event.is_some(),
            gone: gone.map(str::to_owned),
            last: HashMap::new(),
        }
    }

    /// Takes in what a look saw, all but what it `missed`. What it does not see is forgotten, so that it is news when it
    /// comes back.
    pub fn news(&mut self, seen: Vec<Sighting>, missed: &Missed) -> News {
        let seen = match (self.counts, missed) {
            (false, _) => last_of_each(seen),
            // What moves while a list is read may be read twice.
            (true, Missed::Moved) => first_of_equals(seen),
            (true, _) => seen,
        };
        let mut now: HashMap<String, Vec<Sighting>> = HashMap::new();
        let mut told = Vec::new();
        for sighting in seen {
            let before = self.last.get_mut(&sighting.id);
            let known = before.and_then(|before| {
                let place = before.iter().position(|one| *one == sighting)?;
                Some(before.swap_remove(place))
            });
            if known.is_none() {
                told.push(sighting.clone());
            }
            now.entry(sighting.id.clone()).or_default().push(sighting);
        }
        let (mut gone, mut kept) = (Vec::new(), HashSet::new());
        for (id, before) in self.last.drain() {
            match now.get_mut(&id) {
                Some(rows) if self.counts && *missed == Missed::Moved => rows.extend(before),
                Some(_) => {}
                None if missed.may_be(&id) => {
                    kept.insert(id.clone());
                    now.insert(id, before);
                }
                None => gone.extend(self.gone.clone().map(|event| Sighting {
                    by: 0,
                    id,
                    set: Map::new(),
                    event: Some(event),
                })),
            }
        }
        self.last = now;
        gone.append(&mut told);
        News { told: gone, kept }
    }

    /// Whether it matters that nobody knows of some whether they are there.
    pub fn doubts(&self, missed: &Missed) -> bool {
        *missed == Missed::Moved || self.gone.is_some()
    }

    /// Two that tell of one entity in one look, and do not say the same, where only one of them can be so.
    pub fn contradiction(&self, seen: &[Sighting]) -> Option<String> {
        if self.counts {
            return None;
        }
        let mut first: HashMap<&str, &Sighting> = HashMap::new();
        let mut pairs = seen
            .iter()
            .filter_map(|one| Some((first.insert(&one.id, one)?, one)));
        let (one, other) = pairs.find(|(one, other)| one.set != other.set)?;
        let fields = one.set.keys();
        let field = fields.into_iter().find(|f| one.set[*f] != other.set[*f])?;
        Some(format!(
            "one look tells of `{}` more than once, with another `{field}` ({} and {}), and nobody can tell which is so: \
             let the rule see one for each, or have the query say by `order by` which is the last",
            one.id, one.set[field], other.set[field]
        ))
    }
}

/// What is told of an entity last is what is so.
fn last_of_each(mut seen: Vec<Sighting>) -> Vec<Sighting> {
    let mut later = HashSet::new();
    seen.reverse();
    seen.retain(|one| later.insert(one.id.clone()));
    seen.reverse();
    seen
}

fn first_of_equals(seen: Vec<Sighting>) -> Vec<Sighting> {
    let mut out: HashMap<String, Vec<Sighting>> = HashMap::new();
    let new = seen.into_iter().filter(|one| {
        let known = out.entry(one.id.clone()).or_default();
        let new = !known.contains(one);
        if new {
            known.push(one.clone());
        }
        new
    });
    new.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    type Rows = [(&'static str, u64)];

    fn sightings(rows: &Rows, event: Option<&str>) -> Vec<Sighting> {
        let sighting = |(id, n): &(&str, u64)| Sighting {
            by: 0,
            id: (*id).to_owned(),
            set: Map::from_iter([("n".to_owned(), json!(n))]),
            event: event.map(str::to_owned),
        };
        rows.iter().map(sighting).collect()
    }

    /// What is news of looks, and how many are taken to be as they were.
    fn check(
        (event, gone): (Option<&str>, Option<&str>),
        looks: &[(&Rows, Missed, &[&str], usize)],
    ) {
        let mut memory = Memory::new(event, gone);
        for (number, (rows, missed, expected, kept)) in looks.iter().enumerate() {
            let news = memory.news(sightings(rows, event), missed);
            let words = |one: &Sighting| match one.set.get("n") {
                Some(n) => format!("{} {n}", one.id),
                None => format!("{} {}", one.id, one.event.as_deref().unwrap()),
            };
            let told: Vec<String> = news.told.iter().map(words).collect();
            assert_eq!(told, *expected, "look {number}");
            assert_eq!(news.kept.len(), *kept, "look {number}");
        }
    }

    use Missed::{Moved, Nothing};

    #[test]
    fn what_left_and_came_back_happened_again() {
        let there: &Rows = &[("7", 1)];
        check(
            (Some("failed"), None),
            &[
                (there, Nothing, &["7 1"], 0),
                (there, Nothing, &[], 0),
                (&[], Nothing, &[], 0),
                (there, Nothing, &["7 1"], 0),
            ],
        );
    }

    #[test]
    fn each_further_row_is_one_more_event() {
        check(
            (Some("paid"), None),
            &[
                (&[("7", 1), ("8", 1)], Nothing, &["7 1", "8 1"], 0),
                (&[("7", 1), ("8", 1), ("7", 1)], Nothing, &["7 1"], 0),
                (&[("7", 1), ("7", 1), ("8", 1)], Nothing, &[], 0),
                (&[("7", 1), ("8", 1)], Nothing, &[], 0),
                (&[("7", 1), ("7", 2), ("8", 1)], Nothing, &["7 2"], 0),
            ],
        );
    }

    #[test]
    fn of_rows_that_say_how_things_are_the_last_is_so() {
        check(
            (None, None),
            &[
                (&[("7", 1)], Nothing, &["7 1"], 0),
                (&[("7", 1), ("7", 2)], Nothing, &["7 2"], 0),
                (&[("7", 1), ("8", 5), ("7", 2)], Nothing, &["8 5"], 0),
                (&[("7", 3), ("7", 2), ("8", 5)], Nothing, &[], 0),
            ],
        );
        let memory = Memory::new(None, None);
        let differ = memory.contradiction(&sightings(&[("7", 1), ("8", 1), ("7", 2)], None));
        assert!(differ.unwrap().contains("another `n` (1 and 2)"));
        let same = sightings(&[("7", 1), ("7", 1)], None);
        assert_eq!(memory.contradiction(&same), None);
        let events = Memory::new(Some("paid"), None);
        let two = sightings(&[("7", 1), ("7", 2)], Some("paid"));
        assert_eq!(events.contradiction(&two), None);
    }

    #[test]
    fn what_moves_while_it_is_read_is_neither_gone_nor_twice() {
        check(
            (Some("made"), Some("lost")),
            &[
                (&[("7", 1), ("8", 1)], Nothing, &["7 1", "8 1"], 0),
                (&[("7", 1), ("7", 1)], Moved, &[], 1),
                (&[("7", 1), ("9", 1), ("9", 1)], Moved, &["9 1"], 1),
                (&[("7", 1), ("9", 1)], Nothing, &["8 lost"], 0),
                (&[("7", 1), ("9", 1), ("9", 1)], Nothing, &["9 1"], 0),
            ],
        );
    }

    #[test]
    fn what_was_not_answered_for_is_in_doubt_and_the_rest_is_not() {
        let some = Missed::These(["7".to_owned()].into());
        check(
            (None, Some("lost")),
            &[
                (&[("7", 1), ("8", 1)], Nothing, &["7 1", "8 1"], 0),
                (&[], some, &["8 lost"], 1),
                (&[("7", 1)], Nothing, &[], 0),
                (&[], Nothing, &["7 lost"], 0),
            ],
        );
    }
}
