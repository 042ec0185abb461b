//! The proof of a fault.

use super::tally::Tally;
use crate::count::{self, times};
use crate::plan::Times;
use serde::{Deserialize, Serialize};

/// What can be proven of one fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Its words.
    pub text: String,
    /// 1 once the gateway stopped for it, or the deed was done; else 0.
    pub armed: u64,
    /// How often its call or its trigger came by.
    pub matched: u64,
    /// How often it was done.
    pub applied: u64,
    /// How often the caller saw it, or the service was dead.
    pub felt: u64,
    /// How often the real callee did the work all the same.
    pub reached: u64,
    /// Why the fault proves nothing, if so.
    #[serde(default, skip_serializing)]
    pub missing: Option<String>,
    /// Why the first that did not feel it did not, where that is known.
    #[serde(skip)]
    pub unfelt: Option<String>,
    /// What it waited for came, but only when it was over.
    #[serde(skip)]
    pub late: bool,
    /// Where it is counted for each: for how many.
    #[serde(skip)]
    pub each: Option<Each>,
}

/// For how many entities a fault came by, and what became of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Each {
    /// Their kind.
    pub entity: String,
    /// For so many its call or its trigger came by.
    pub came: usize,
    /// For so many as often as it waited for.
    pub reached: usize,
    /// To so many it was done.
    pub struck: usize,
    /// Chance had a say in it.
    pub by_chance: bool,
}

impl Receipt {
    /// Of a fault of which nothing is known yet.
    pub(crate) fn new(text: &str) -> Receipt {
        Receipt {
            text: text.to_owned(),
            armed: 0,
            matched: 0,
            applied: 0,
            felt: 0,
            reached: 0,
            missing: None,
            unfelt: None,
            late: false,
            each: None,
        }
    }

    /// Says how many entities it struck, where it is counted for each and others did not come so far. `known`: how many
    /// there are of a kind.
    pub(crate) fn some_of_each(&self, known: &dyn Fn(&str) -> usize) -> Option<String> {
        let each = self.each.as_ref().filter(|_| self.missing.is_none())?;
        let all = known(&each.entity);
        let earlier = each.struck < each.reached && !each.by_chance;
        let others = [
            (each.came < all, "were not there for it"),
            (each.reached < each.came, "came by too seldom"),
            (earlier, "were struck by a fault that was armed earlier"),
        ];
        let others: Vec<&str> = others
            .iter()
            .filter(|(are, _)| *are)
            .map(|one| one.1)
            .collect();
        let some = each.struck < all && !others.is_empty();
        some.then(|| {
            let (struck, others) = (each.struck, others.join(", or "));
            let all = count::of(all, &each.entity);
            format!(
                "`{}` struck {struck} of {all}: the others {others}",
                self.text
            )
        })
    }

    /// Names the first link of the chain armed, matched, applied, felt that is missing. `never` says what did not
    /// happen when nothing matched.
    /// `all`: each time that it was done must have been felt.
    pub(super) fn judge(&mut self, never: &str, subject: &str, tally: &Tally, all: bool) {
        self.each = tally.each();
        let short = tally.short();
        let wanted = match tally.times() {
            Times::Always => 1,
            Times::First(n) | Times::Nth(n) => n,
        };
        self.missing = if self.armed == 0 {
            Some("it was never armed: the run ended before its step".to_owned())
        } else if self.matched == 0 {
            Some(format!("it was armed, but {never}"))
        } else if self.applied == 0 {
            Some(self.spared(subject, tally, wanted))
        } else if self.felt == 0 || (all && self.felt < self.applied) {
            Some(
                format!(
                    "it was applied {}, but {}",
                    times(self.applied),
                    match self.felt {
                        0 => "nobody felt it".to_owned(),
                        felt => format!("only felt {}", times(felt)),
                    }
                ) + &self
                    .unfelt
                    .as_ref()
                    .map(|why| format!(": {why}"))
                    .unwrap_or_default(),
            )
        } else {
            short.map(|short| short.describe(subject, wanted))
        };
    }

    /// Why it was not done, though what it waits for came by.
    fn spared(&self, subject: &str, tally: &Tally, wanted: u64) -> String {
        let came = format!("{subject} came by {}", times(self.matched));
        match (tally.struck(), tally.allowed(), tally.chance()) {
            (1.., ..) => format!(
                "{came}, but whenever it was to strike, a fault that was armed earlier did so"
            ),
            (0, could @ 1.., Some(chance)) => format!(
                "{came}; it could be struck {}, and a chance of {chance} did so never",
                times(could)
            ),
            _ => format!("{came}, but the fault waited for number {wanted}"),
        }
    }
}

/// Counts that were not reached.
pub(super) struct Short {
    /// Entities (or 1) that stayed below the count.
    pub below: usize,
    /// Entities (or 1) that came by at all.
    pub counted: usize,
    /// The entity's name, if counted for each.
    pub each: Option<String>,
    /// The lowest count seen.
    pub lowest: u64,
}

impl Short {
    fn describe(self, subject: &str, wanted: u64) -> String {
        match self.each {
            Some(entity) => format!(
                "its count was not reached: for {} of the {} for which it was counted, {subject} came by fewer than {}",
                self.below,
                count::of(self.counted, &entity),
                count::of(wanted, "time")
            ),
            None => format!(
                "its count was not reached: {subject} came by {} of {}",
                self.lowest,
                count::of(wanted, "time")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Whom;
    use crate::seed::Seed;

    #[test]
    fn where_only_some_of_each_were_struck_that_is_said() {
        let order = || Whom::Each("order".to_owned());
        let receipt = |times, whom: &Whom, came: &[&str], chance| {
            let mut tally = Tally::new(times, chance, whom, Seed(1), "f".to_owned());
            for key in came {
                if tally.count(key) {
                    tally.done(key);
                }
            }
            let mut receipt = Receipt {
                armed: 1,
                matched: 1,
                applied: 1,
                felt: 1,
                ..Receipt::new("the fault")
            };
            receipt.judge("", "it", &tally, true);
            receipt
        };
        let check = |times, came: &[&str], all, expected: Option<&str>| {
            let said = receipt(times, &order(), came, None).some_of_each(&|_| all);
            assert_eq!(said.as_deref(), expected, "{times:?} {came:?} {all}");
        };
        let (once, third) = (Times::First(1), Times::Nth(3));
        let absent = "`the fault` struck 1 of 3 orders: the others were not there for it";
        check(once, &["7"], 3, Some(absent));
        check(once, &["7"], 1, None);
        let often = ["7", "8", "7", "7"];
        let seldom = "`the fault` struck 1 of 2 orders: the others came by too seldom";
        check(third, &often, 2, Some(seldom));
        let both = "`the fault` struck 1 of 5 orders: the others were not there for it, or came by too seldom";
        check(third, &often, 5, Some(both));
        check(third, &["7", "7", "7"], 1, None);
        let one = receipt(once, &Whom::One("order".to_owned()), &["7"], None);
        assert_eq!(one.some_of_each(&|_| 3), None);
        // Whom chance spares is as was asked.
        let chance = receipt(Times::Always, &order(), &["7", "8"], Some(0.0));
        assert_eq!(chance.some_of_each(&|_| 2), None);
    }
}
