//! Stacks at a glance: how many scenarios each has, the rows of its failure catalogue, and how many planted bugs were
//! killed, as a table in Markdown.

use super::MutantResult;
use serde_json::{Value, json};
use std::fmt;

/// One line of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct System {
    /// The stack.
    pub stack: String,
    /// Its scenarios.
    pub scenarios: usize,
    /// The rows that its planted bugs stand for, in order.
    pub rows: Vec<String>,
    /// Its planted bugs.
    pub mutants: usize,
    /// Those that were killed.
    pub killed: usize,
}

/// The whole table.
pub struct Systems(pub Vec<System>);

impl Systems {
    /// One line for each stack of the planted bugs, in their order; `scenarios` says how many a stack has.
    pub fn new(mutants: &[MutantResult], scenarios: impl Fn(&str) -> usize) -> Systems {
        let mut systems: Vec<System> = Vec::new();
        for mutant in mutants {
            let known = systems.iter().position(|one| one.stack == mutant.stack);
            let at = known.unwrap_or_else(|| {
                systems.push(System {
                    stack: mutant.stack.clone(),
                    scenarios: scenarios(&mutant.stack),
                    ..System::default()
                });
                systems.len() - 1
            });
            let system = &mut systems[at];
            system.mutants += 1;
            system.killed += usize::from(mutant.killed());
            system.rows.extend(mutant.catalogue.iter().cloned());
        }
        for system in &mut systems {
            system.rows.sort_by_key(|row| parts(row));
            system.rows.dedup();
        }
        Systems(systems)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let one = |system: &System| {
            json!({
                "stack": system.stack,
                "scenarios": system.scenarios,
                "rows": system.rows,
                "mutants": system.mutants,
                "killed": system.killed,
            })
        };
        self.0.iter().map(one).collect()
    }
}

impl fmt::Display for Systems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| stack | scenarios | rows of the catalogue | planted bugs | killed |"
        )?;
        write!(f, "|---|---|---|---|---|")?;
        for one in &self.0 {
            let rows = ranges(&one.rows);
            write!(
                f,
                "\n| {} | {} | {rows} | {} | {} |",
                one.stack, one.scenarios, one.mutants, one.killed
            )?;
        }
        Ok(())
    }
}

/// `C7`: its letters, and its number.
fn parts(row: &str) -> (String, u64) {
    let digits = row.find(|c: char| c.is_ascii_digit()).unwrap_or(row.len());
    let number = row[digits..].parse().unwrap_or_default();
    (row[..digits].to_owned(), number)
}

/// `C1 to C3, C7`.
fn ranges(rows: &[String]) -> String {
    let mut ranges: Vec<(&String, &String)> = Vec::new();
    for row in rows {
        let (name, number) = parts(row);
        match ranges.last_mut() {
            Some((_, last)) if parts(last) == (name, number.wrapping_sub(1)) => *last = row,
            _ => ranges.push((row, row)),
        }
    }
    let words = ranges
        .into_iter()
        .map(|(first, last)| match parts(last).1 - parts(first).1 {
            0 => first.clone(),
            1 => format!("{first}, {last}"),
            _ => format!("{first} to {last}"),
        });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_in_their_order_and_as_ranges() {
        let mutant = |name: &str, rows: &[&str]| MutantResult {
            stack: "s".to_owned(),
            name: name.to_owned(),
            catalogue: rows.iter().map(|row| row.to_string()).collect(),
            by: Vec::new(),
            reason: None,
            failed: false,
            history: None,
        };
        let mutants = [
            mutant("a", &["C10", "C2"]),
            mutant("b", &["C1", "C9", "C11"]),
            mutant("c", &["C1"]),
        ];
        let systems = Systems::new(&mutants, |_| 5);
        assert_eq!(systems.0[0].rows, ["C1", "C2", "C9", "C10", "C11"]);
        let table = systems.to_string();
        let line = "| s | 5 | C1, C2, C9 to C11 | 3 | 0 |";
        assert!(table.ends_with(line), "{table}");
    }
}
