//! Precedence: `no: P, before: Q`: P does not come true before Q did.

use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::duration::seconds;
use crate::entity::{Moment, Observation, Record};
use crate::expression::{Expression, Truth};
use indexmap::{IndexMap, IndexSet};

pub(super) struct Precedence {
    no: Expression,
    before: Expression,
    /// When `before` came true.
    preceded: IndexMap<String, Moment>,
    /// Entities for which `no` held at the last look.
    held: IndexSet<String>,
    /// Entities for which `before` could not be evaluated at some moment, and why.
    doubtful: IndexMap<String, String>,
    /// Entities that broke it: when `no` came true, and when `before` did, if it came at all.
    broken: IndexMap<String, (Moment, Option<Moment>)>,
    tale: Tale,
}

impl Precedence {
    pub fn new(no: Expression, before: Expression) -> Precedence {
        let expected = format!("no {} before {}", no.text(), before.text());
        let unwitnessed = format!("`{}` never came true", no.text());
        let tale = Tale {
            expected,
            unwitnessed,
            ..Tale::default()
        };
        Precedence {
            no,
            before,
            preceded: IndexMap::new(),
            held: IndexSet::new(),
            doubtful: IndexMap::new(),
            broken: IndexMap::new(),
            tale,
        }
    }
}

impl Precedence {
    /// `before` has come true; what was broken for its absence has it only too late, or perhaps not too late.
    fn late(&mut self, id: &str, now: &Moment) {
        let Some((broken, late)) = self.broken.get_mut(id) else {
            return;
        };
        if now.since_ns >= broken.at_ns {
            // It is broken for good; what is still worth knowing is by how much.
            late.get_or_insert_with(|| now.clone());
            return;
        }
        if let Some((broken, _)) = self.broken.swap_remove(id) {
            *self.tale.fate(id) = self.undecided(&broken, now);
        }
    }

    /// Both happened in times that overlap.
    fn undecided(&self, no: &Moment, before: &Moment) -> Fate {
        let span = |moment: &Moment| {
            let (since, at) = (seconds(moment.since_ns), seconds(moment.at_ns));
            format!("between +{since} and +{at}")
        };
        Fate::Unknown(format!(
            "`{}` came true {}, and `{}` {}: which was first cannot be told from calls that overlap",
            self.no.text(),
            span(no),
            self.before.text(),
            span(before)
        ))
    }
}

impl Monitor for Precedence {
    fn see(&mut self, observation: &Observation, record: &Record, _: &Clocks) {
        let id = &observation.id;
        let before = match self.before.test(record.scope()) {
            Truth::Unknown(why) => {
                self.doubtful.entry(id.clone()).or_insert(why);
                false
            }
            truth => truth == Truth::True,
        };
        let no = self.tale.holds(id, &self.no, record);
        let now = &record.last;
        if before && !self.preceded.contains_key(id) {
            self.preceded.insert(id.clone(), now.clone());
            self.late(id, now);
        }
        let came = no && !self.held.contains(id);
        match no {
            true => self.held.insert(id.clone()),
            false => self.held.swap_remove(id),
        };
        let told = matches!(self.tale.fate(id), Fate::Unknown(_));
        if !came || told || self.broken.contains_key(id) {
            return;
        }
        let fate = match (self.preceded.get(id), self.doubtful.get(id)) {
            (Some(first), _) if first.seq == now.seq || first.at_ns <= now.since_ns => {
                Fate::Witness
            }
            (Some(first), _) => self.undecided(now, first),
            (None, Some(why)) => Fate::Unknown(why.clone()),
            (None, None) => {
                self.broken.insert(id.clone(), (now.clone(), None));
                return;
            }
        };
        *self.tale.fate(id) = fate;
    }

    fn tick(&mut self, _: &Clocks) {}

    fn tale(&self) -> Tale {
        let mut tale = self.tale.clone();
        for (id, (moment, late)) in &self.broken {
            let (no, before) = (self.no.text(), self.before.text());
            let fate = match late {
                None => {
                    let why = format!("`{no}` came true, and `{before}` never did");
                    Fate::Broken(why, vec![moment.clone()])
                }
                Some(late) => {
                    let by = seconds(late.at_ns - moment.at_ns);
                    let why = format!("`{no}` came true, and `{before}` only {by} later");
                    let text = format!("{}: {by} too late", late.text);
                    Fate::Broken(
                        why,
                        vec![
                            moment.clone(),
                            Moment {
                                text,
                                ..late.clone()
                            },
                        ],
                    )
                }
            };
            tale.entities.insert(id.clone(), fate);
        }
        tale
    }

    fn broken(&self) -> bool {
        !self.broken.is_empty()
    }
}
