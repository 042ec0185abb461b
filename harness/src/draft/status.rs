//! The status of what is followed, as it was seen to change.

use std::collections::BTreeMap;

/// The fields that are one, by their names.
pub(super) const FIELDS: [&str; 3] = ["status", "state", "phase"];

/// A status field with what was seen of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Status {
    pub field: String,
    pub first: String,
    pub finals: Vec<String>,
    pub moves: Vec<(String, Vec<String>)>,
}

/// The status that values of entities show, each entity's in their order; `None` where none of them changed.
pub(super) fn status(field: &str, lives: &BTreeMap<String, Vec<String>>) -> Option<Status> {
    let mut moves: Vec<(String, Vec<String>)> = Vec::new();
    for life in lives.values() {
        for pair in life.windows(2).filter(|pair| pair[0] != pair[1]) {
            let at = moves.iter().position(|(from, _)| *from == pair[0]);
            let at = at.unwrap_or_else(|| {
                moves.push((pair[0].clone(), Vec::new()));
                moves.len() - 1
            });
            if !moves[at].1.contains(&pair[1]) {
                moves[at].1.push(pair[1].clone());
            }
        }
    }
    let first = lives.values().find_map(|life| life.first())?.clone();
    let mut finals = Vec::new();
    for last in lives.values().filter_map(|life| life.last()) {
        let left = moves.iter().any(|(from, _)| from == last);
        if !left && !finals.contains(last) {
            finals.push(last.clone());
        }
    }
    let changes = !moves.is_empty()
        && !finals.is_empty()
        && lives.values().all(|life| life.first() == Some(&first));
    changes.then(|| Status {
        field: field.to_owned(),
        first,
        finals,
        moves,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_what_changes_in_the_same_way() {
        let check = |lives: &[&[&str]], expected: Option<(&str, &[&str])>| {
            let lives = lives.iter().enumerate().map(|(n, life)| {
                (
                    n.to_string(),
                    life.iter().map(|value| (*value).to_owned()).collect(),
                )
            });
            let found = status("status", &lives.collect());
            let found = found
                .as_ref()
                .map(|status| (status.first.as_str(), status.finals.clone()));
            let expected = expected.map(|(first, finals)| {
                (first, finals.iter().map(|one| (*one).to_owned()).collect())
            });
            assert_eq!(found, expected);
        };
        check(
            &[&["new", "paid"], &["new", "new", "failed"]],
            Some(("new", &["paid", "failed"])),
        );
        check(&[&["new"], &["new", "paid"]], Some(("new", &["paid"])));
        check(&[&["new"], &["new"]], None);
        check(&[&["new", "paid"], &["old", "paid"]], None);
        check(&[&["new", "paid", "new"]], None);
        check(&[], None);
    }
}
