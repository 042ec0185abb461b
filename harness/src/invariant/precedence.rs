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
    /// Entities for which `before` has come true.
    preceded: IndexSet<String>,
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
            preceded: IndexSet::new(),
            doubtful: IndexMap::new(),
            broken: IndexMap::new(),
            tale,
        }
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
        if let Some((_, late)) = self.broken.get_mut(id) {
            // It is broken for good; what is still worth knowing is by how much.
            if before && late.is_none() {
                *late = Some(record.last.clone());
            }
            return;
        }
        if before {
            self.preceded.insert(id.clone());
        }
        let fate = self.tale.fate(id);
        if no && self.preceded.contains(id) {
            *fate = Fate::Witness;
        } else if no && let Some(why) = self.doubtful.get(id) {
            *fate = Fate::Unknown(why.clone());
        } else if no {
            self.broken.insert(id.clone(), (record.last.clone(), None));
        }
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
